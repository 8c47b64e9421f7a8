using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What a password may be, and what becomes of it.</summary>
public sealed class PasswordChecks
{
    private static readonly (string, string) OnlyLength = ("Passwords:RefuseCommon", "false");

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_01_Without_settings_a_password_is_stored_as_Argon2id_at_the_recommended_cost_with_a_salt_of_its_own(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:MemoryKiB", ""), ("Passwords:Iterations", ""));
        await app.NewActor().SignUpAsync();
        await app.NewActor().SignUpAsync();

        var hashes = await app.Database.QueryAsync<string>("SELECT password_hash FROM accounts");
        Assert.Equal(2, hashes.Distinct().Count());
        Assert.All(hashes, hash =>
        {
            var phc = hash.Split('$');
            Assert.Equal(["", "argon2id", "v=19", "m=19456,t=2,p=1"], phc[..4]);
            Assert.Equal(16, Unpadded(phc[4]).Length);
            Assert.Equal(32, Unpadded(phc[5]).Length);
        });
        Assert.Equal(2, hashes.Select(hash => hash.Split('$')[4]).Distinct().Count());
    }

    [Theory]
    [InlineData("🦊🌲🪵🧦", 400)] // eight UTF-16 units, four characters
    [InlineData("🦊🌲🪵🧦🛶🎻x", 400)]
    [InlineData("🦊🌲🪵🧦🛶🎻xy", 201)]
    [InlineData("q7zk4vb", 400)]
    [InlineData("q7zk4vbw", 201)]
    [InlineData(" q7zk4v ", 201)]
    [InlineData("        ", 201)]
    public async Task PW_03_The_shortest_password_is_counted_in_characters_and_nothing_is_trimmed(string password, int status)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, OnlyLength);
        var actor = app.NewActor();
        actor.Password = password;
        var answer = (await actor.TrySignUpAsync()).Expect((HttpStatusCode)status, status == 400 ? "validation_failed" : null);
        if (status == 400)
        {
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty("password", out _));
            return;
        }

        await actor.SignInAsync();
        if (password.Trim() is { Length: > 0 } trimmed && trimmed != password)
        {
            (await actor.TrySignInAsync(trimmed)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }
    }

    [Fact]
    public async Task PW_03_The_shortest_password_is_what_the_setting_says()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Passwords:MinimumLength", "15"));
        var actor = app.NewActor();
        actor.Password = "lamp-tractor-vi";
        Assert.Equal(15, actor.Password.Length);
        var shorter = app.NewActor();
        shorter.Password = actor.Password[..14];
        (await shorter.TrySignUpAsync()).Expect(HttpStatusCode.BadRequest, "validation_failed");
        await actor.SignUpAsync();
    }

    [Fact]
    public async Task PW_04_A_long_password_counts_whole_and_one_that_is_too_long_is_refused_unhashed()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, OnlyLength);
        var actor = app.NewActor();
        actor.Password = string.Concat(Enumerable.Range(0, 64).Select(number => $"{number:d3}é"))[..256];
        await actor.SignUpAsync();
        foreach (var shorter in new[] { 72, 128, 255 })
        {
            (await actor.TrySignInAsync(actor.Password[..shorter])).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }

        await actor.SignInAsync();
        var longest = app.NewActor();
        longest.Password = new string('ü', 512); // 1,024 bytes
        await longest.SignUpAsync();
        await longest.SignInAsync();

        using var hashes = new HashesBegun(app);
        foreach (var tooLong in new[] { new string('x', 5000), new string('x', 1025), new string('ü', 513) })
        {
            var another = app.NewActor();
            another.Password = tooLong;
            (await another.TrySignUpAsync()).Expect(HttpStatusCode.BadRequest, "validation_failed");
            (await actor.TrySignInAsync(tooLong)).Expect(HttpStatusCode.BadRequest, "validation_failed");
            (await actor.PostAsync("/password/change", new { current_password = tooLong, new_password = "brass otter window seven" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
            (await actor.PostAsync("/password/change", new { current_password = actor.Password, new_password = tooLong })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        }

        Assert.Equal(0, hashes.Count);
        (await actor.TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(1, hashes.Count);
    }

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaz quiet lantern")]
    [InlineData("onlylowercaseyetratherlong")]
    [InlineData("4711 8350 2296 1748 0032")]
    [InlineData("夜明け前の静かな湖畔")]
    public async Task PW_05_No_kind_of_character_is_demanded_and_a_password_never_runs_out(string password)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var actor = app.NewActor();
        actor.Password = password;
        await actor.SignUpAsync();
        await actor.SignInAsync();
        app.Clock.Advance(TimeSpan.FromDays(731));
        await actor.SignInAsync();
    }

    [Fact]
    public async Task PW_08_A_password_is_the_same_however_the_keyboard_composes_it_and_another_in_another_case()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var actor = app.NewActor();
        actor.Password = "caf\u0065\u0301 lantern otter \u1112\u1161\u11ab";
        await actor.SignUpAsync();
        (await actor.TrySignInAsync("caf\u00e9 lantern otter \ud55c")).Expect(HttpStatusCode.OK);
        (await actor.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await actor.TrySignInAsync("Caf\u00e9 lantern otter \ud55c")).Expect(HttpStatusCode.Unauthorized);
        (await actor.TrySignInAsync("cafe lantern otter \ud55c")).Expect(HttpStatusCode.Unauthorized);
        // NFKC would make the ligature two letters; NFC leaves it alone.
        actor.Password = "\ufb01re lantern otter";
        actor.Email = "ligature@example.org";
        await actor.SignUpAsync();
        (await actor.TrySignInAsync("fire lantern otter")).Expect(HttpStatusCode.Unauthorized);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_10_A_change_needs_the_current_password_and_guesses_at_it_are_counted(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var before = await app.PasswordHashAsync(alice);
        Task<Answer> Change(string? current) => alice.PostAsync("/password/change", new { current_password = current, new_password = "brass otter window seven" });

        (await alice.PostAsync("/password/change", new { new_password = "brass otter window seven" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await Change(null)).Expect(HttpStatusCode.BadRequest, "validation_failed");
        for (var guess = 0; guess < 10; guess++)
        {
            (await Change("not the password " + guess)).Expect(HttpStatusCode.Forbidden, "invalid_credentials");
        }

        var throttled = (await Change(alice.Password)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        Assert.NotNull(throttled.Header("Retry-After"));
        Assert.Equal(before, await app.PasswordHashAsync(alice));
        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.TooManyRequests);
        await alice.SignInAsync(); // who holds the session has not shut the owner out of sign-in

        app.Clock.Advance(TimeSpan.FromSeconds(31));
        (await Change(alice.Password)).Expect(HttpStatusCode.OK);
        Assert.NotEqual(before, await app.PasswordHashAsync(alice));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_A_new_server_has_no_account_and_takes_no_usual_password(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts"));
        string[] names = ["admin", "administrator", "root", "cardea", "user", "test", "guest", "admin@cardea.example", "admin@example.org", "root@example.org"];
        string[] passwords = ["admin", "password", "changeme", "cardea", "admin123"];
        var anybody = app.NewActor();
        foreach (var name in names)
        {
            foreach (var password in passwords)
            {
                (await anybody.TrySignInAsync(password, login: name)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
            }
        }
    }

    private static byte[] Unpadded(string base64) => Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='));
}
