using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Commands;

/// <summary>`cardea user …` beside a running server.</summary>
public sealed class UserCommandTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_disabled_account_is_out_within_a_second_and_in_again_when_enabled(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // and is kept in memory

        Assert.Equal($"{alice.Email} is disabled.\n", (await app.CommandAsync("user", "disable", alice.Email)).Worked().Out);

        await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Status == HttpStatusCode.Unauthorized);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        Assert.Contains("status: disabled since", (await app.CommandAsync("user", "show", alice.Id!)).Worked().Out);

        (await app.CommandAsync("user", "enable", alice.Id!)).Worked();
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized); // what ended does not come back
        await Within.OneSecondAsync(async () => (await alice.TrySignInAsync()).Status == HttpStatusCode.OK);
        Assert.Equal(
            [("account.disabled", "cardea user disable"), ("account.enabled", "cardea user enable")],
            await app.Database.QueryAsync<(string, string)>("SELECT event, actor_id FROM audit_events WHERE account_id = @Id AND actor_id IS NOT NULL ORDER BY id", new { alice.Id }));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_02_A_password_that_a_command_sets_is_temporary(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        var shown = (await app.CommandAsync("user", "set-password", alice.Email)).Worked().Out;
        await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Status == HttpStatusCode.Unauthorized);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        var due = (await alice.TrySignInAsync(Shown(shown))).Expect(HttpStatusCode.Forbidden, "password_change_required");
        alice.Password = "copper window bridge seven";
        (await alice.PostAsync("/password/reset", new { token = due.Member("password_change_token"), password = alice.Password })).Expect(HttpStatusCode.OK);
        await alice.SignInAsync();

        Assert.DoesNotContain("marble", (await app.CommandWithInputAsync("marble cactus orbit nine\n", "user", "set-password", alice.Email, "--password-stdin")).Worked().Out);
        (await alice.TrySignInAsync("marble cactus orbit nine")).Expect(HttpStatusCode.Forbidden, "password_change_required");
        var refused = await app.CommandWithInputAsync("12345\n", "user", "set-password", alice.Email, "--password-stdin");
        Assert.Equal((1, "", "password: A password has at least 8 characters.\n"), (refused.ExitCode, refused.Out, refused.Error));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_added_account_signs_in_and_has_its_roles(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var bob = app.NewActor("bob");

        var shown = (await app.CommandAsync("user", "add", bob.Email, "--username", "Bob.B", "--given-name", "Bob", "--role", "admin", "--verified")).Worked().Out;
        var due = (await bob.TrySignInAsync(Shown(shown), login: "bob.b")).Expect(HttpStatusCode.Forbidden, "password_change_required");
        (await bob.PostAsync("/password/reset", new { token = due.Member("password_change_token"), password = bob.Password })).Expect(HttpStatusCode.OK);
        await bob.SignInAsync();

        var me = (await bob.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(("Bob", true), (me.GetProperty("given_name").GetString(), me.GetProperty("is_verified").GetBoolean()));
        Assert.Equal(["admin", "user"], me.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Contains($"{bob.Id}\t{bob.Email}\tBob.B\tenabled\t", (await app.CommandAsync("user", "list", "BOB")).Worked().Out);
        Assert.Equal("", (await app.CommandAsync("user", "list", "nobody%")).Worked().Out);

        async Task RefusesAsync(string told, params string[] args)
        {
            var ended = await app.CommandAsync(args);
            Assert.Equal((1, "", told + "\n"), (ended.ExitCode, ended.Out, ended.Error));
        }

        await RefusesAsync("There is already an account with this e-mail address.", "user", "add", bob.Email);
        await RefusesAsync("This username is already taken.", "user", "add", "new@example.org", "--username", "BOB.b");
        await RefusesAsync("There is no role of that name.", "user", "add", "new@example.org", "--role", "king");
        await RefusesAsync("EMAIL: Enter one e-mail address, such as name@example.org.", "user", "add", "bob");
        await RefusesAsync("There is no role \"king\". There are: admin, user.", "user", "grant", bob.Email, "king");
        await RefusesAsync("There is no account \"eve@example.org\". ACCOUNT is an id, an e-mail address or a username.", "user", "disable", "eve@example.org");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_02_A_granted_and_a_revoked_role_are_true_within_a_second(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        (await app.CommandAsync("user", "add", "root@example.org", "--role", "admin")).Worked();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();

        async Task<bool> IsAdminAsync() => (await alice.GetAsync("/users/me")).Json.GetProperty("roles").EnumerateArray().Any(role => role.GetString() == "admin");

        Assert.False(await IsAdminAsync());
        (await app.CommandAsync("user", "grant", alice.Email, "admin")).Worked();
        await Within.OneSecondAsync(IsAdminAsync);
        (await app.CommandAsync("user", "revoke", alice.Email, "admin")).Worked();
        await Within.OneSecondAsync(async () => !await IsAdminAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_The_last_administrator_stays_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        (await app.CommandAsync("user", "add", "root@example.org", "--role", "admin")).Worked();
        (await app.CommandAsync("user", "add", "other@example.org", "--role", "admin")).Worked();
        (await app.CommandAsync("user", "disable", "other@example.org")).Worked(); // who can't sign in does not count

        foreach (var args in new string[][] { ["user", "disable", "root@example.org"], ["user", "revoke", "root@example.org", "admin"] })
        {
            var ended = await app.CommandAsync(args);
            Assert.Equal((1, "", "This is the last administrator. Make somebody else an administrator first.\n"), (ended.ExitCode, ended.Out, ended.Error));
        }

        (await app.CommandAsync("user", "enable", "other@example.org")).Worked();
        (await app.CommandAsync("user", "revoke", "root@example.org", "admin")).Worked();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task All_accounts_are_listed_a_page_at_a_time_and_found_by_any_part_of_their_names(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        (await (await alice.SignInAsync()).PatchAsync("/users/me", new { family_name = "Quince" })).Expect(HttpStatusCode.OK);
        // More than two pages, all older than alice.
        await app.Database.ExecuteAsync("INSERT INTO accounts (id, email, created_at) VALUES " + string.Join(", ", Enumerable.Range(0, 1203).Select(number => $"('{number:x32}', 'many{number:0000}@example.org', {number})")));

        var all = Lines(await app.CommandAsync("user", "list"));
        Assert.Equal(1204, all.Length);
        Assert.StartsWith(alice.Id!, all[0], StringComparison.Ordinal);
        Assert.Equal(all.Order(StringComparer.Ordinal).Reverse(), all); // newest first, nobody twice
        Assert.Equal(all.Distinct(), all);
        Assert.Equal(all[..700], Lines(await app.CommandAsync("user", "list", "--limit", "700")));
        Assert.Equal(all[..1], Lines(await app.CommandAsync("user", "list", "--query", "QUINC")));
        Assert.Equal(all[..1], Lines(await app.CommandAsync("user", "list", alice.Id![8..24])));
        Assert.Equal(100, Lines(await app.CommandAsync("user", "list", "--query", "many07")).Length);
        Assert.Empty(Lines(await app.CommandAsync("user", "list", "--query", "%")));
        foreach (var args in new string[][] { ["--limit", "0"], ["--limit", "-1"], ["--limit", "many"], ["one", "--query", "two"] })
        {
            Assert.Equal(2, (await app.CommandAsync(["user", "list", .. args])).ExitCode);
        }

        static string[] Lines(Ended ended) => ended.Worked().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Shown(string output) => Regex.Match(output, "shown this once: (.+)").Groups[1].Value;
}
