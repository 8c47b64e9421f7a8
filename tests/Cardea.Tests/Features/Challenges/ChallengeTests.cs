using System.Globalization;
using System.Net;
using Cardea.Features.Challenges;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Challenges;

/// <summary>The proof of work at the JSON doors.</summary>
public sealed class ChallengeTests
{
    private static readonly Dictionary<string, (string Purpose, object Body)> Doors = new()
    {
        ["/auth/login"] = ("sign-in", new { login = "alice@example.org", password = "violet tractor lamp nine" }),
        ["/auth/code/login"] = ("sign-in", new { email = "alice@example.org", code = "123456" }),
        ["/auth/signup"] = ("sign-up", new { email = "carol@example.org", password = "violet tractor lamp nine" }),
        ["/users"] = ("sign-up", new { email = "dave@example.org", password = "violet tractor lamp nine" }),
        ["/password/forgot"] = ("mail", new { email = "alice@example.org" }),
        ["/verify/send"] = ("mail", new { email = "alice@example.org" }),
        ["/auth/code/send"] = ("mail", new { email = "alice@example.org" }),
        ["/auth/link/send"] = ("mail", new { email = "alice@example.org" }),
        ["/password/reset"] = ("reset", new { token = new string('a', 43), password = "violet tractor lamp nine" }),
    };

    public static TheoryData<string> Paths => [.. Doors.Keys];

    [Theory, MemberData(nameof(Paths))]
    public async Task Without_the_work_nothing_is_looked_at_and_with_it_the_door_opens(string path)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        var (purpose, body) = Doors[path];
        var anybody = app.NewActor();
        var audited = await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events"); // of the start
        var refused = await anybody.PostAsync(path, body, null);
        Assert.Equal(ChallengeDemand.Least, refused.Bits());
        (await anybody.PostAsync(path, "not even JSON", null)).Expect(HttpStatusCode.Forbidden, "challenge_required");
        foreach (var table in new[] { "attempt_counters", "allowances", "mail_requests", "accounts", "used_challenges" })
        {
            Assert.Equal(0, await app.Database.ScalarAsync<long>($"SELECT COUNT(*) FROM {table}"));
        }

        Assert.Equal(audited, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events"));
        var solution = refused.Solve();
        Assert.NotEqual("challenge_required", (await anybody.PostAsync(path, body, solution)).Code);
        (await anybody.PostAsync(path, body, solution)).Expect(HttpStatusCode.Forbidden, "challenge_required"); // it was used up

        // Asked for in advance it is as good.
        var asked = (await anybody.GetAsync("/auth/challenge?for=" + purpose)).Expect(HttpStatusCode.OK).Json.GetProperty("challenge");
        Assert.NotEqual("challenge_required", (await anybody.PostAsync(path, body, WorkChallenges.Solve(asked.GetProperty("value").GetString()!, asked.GetProperty("bits").GetInt32()))).Code);
    }

    [Fact]
    public async Task What_is_no_solution_of_a_challenge_of_ours_opens_nothing()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        await using var other = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        var anybody = app.NewActor();
        var challenge = (await anybody.GuessAsync("alice@example.org")).Json.GetProperty("challenge").GetProperty("value").GetString()!;
        var right = WorkChallenges.Solve(challenge, ChallengeDemand.Least);
        var easier = Bytes(challenge);
        easier[16] = 1;
        string[] wrong =
        [
            "", ".", challenge, challenge + ".", challenge + ".x", challenge + ".-1", challenge + "." + new string('1', 11), right + "0", right[1..], "A" + right,
            challenge + "." + (ulong.Parse(right[45..], CultureInfo.InvariantCulture) + 1), // as good as never a solution too
            WorkChallenges.Solve(Text(easier), 1),
            (await other.NewActor().GuessAsync("alice@example.org")).Solve(), // another server's key
            (await anybody.PostAsync("/password/forgot", new { email = "alice@example.org" }, null)).Solve(), // for something else
        ];
        foreach (var answer in wrong)
        {
            (await anybody.GuessAsync("alice@example.org", answer)).Expect(HttpStatusCode.Forbidden, "challenge_required");
        }

        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM attempt_counters"));
        (await anybody.GuessAsync("alice@example.org", right)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        var late = (await anybody.GuessAsync("alice@example.org")).Solve();
        app.Clock.Advance(WorkChallenges.Lifetime + TimeSpan.FromSeconds(1));
        (await anybody.GuessAsync("alice@example.org", late)).Expect(HttpStatusCode.Forbidden, "challenge_required");
        await app.PurgeAsync();
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM used_challenges"));
    }

    [Fact]
    public async Task An_address_under_attack_works_harder_and_harder_and_no_other_address_does()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "under-attack"), ("SignIn:ChallengeAddressFailures", "5"), ("TrustedProxies", "127.0.0.1"));
        var (guesser, alice) = (app.NewActor(), app.NewActor("alice"));
        await alice.SignUpAsync();
        await alice.SignInAsync();
        const string there = "2001:db8:1:2::1", beside = "2001:db8:1:2:ffff::9", elsewhere = "2001:db8:1:3::1";
        for (var i = 0; i < 5; i++)
        {
            (await guesser.GuessAsync($"nobody{i}@example.org", from: there)).Expect(HttpStatusCode.Unauthorized);
        }

        Assert.Equal(ChallengeDemand.Least, (await guesser.GuessAsync("nobody@example.org", from: there)).Bits());
        Assert.Equal(ChallengeDemand.Least, (await guesser.GuessAsync("nobody@example.org", from: beside)).Bits());
        (await guesser.GuessAsync("nobody@example.org", from: elsewhere)).Expect(HttpStatusCode.Unauthorized);

        // It is still an attack while it runs against the demand, and each doubling costs a bit, up to what a phone can bear.
        var bits = new List<int>();
        for (var i = 0; i < 120; i++)
        {
            bits.Add((await guesser.GuessAsync("nobody@example.org", from: there)).Bits());
        }

        Assert.Equal(bits.Order(), bits);
        Assert.Equal(ChallengeDemand.Most, bits[^1]);
        Assert.Equal([16, 17, 18, 19, 20], bits.Distinct());

        // Its owner, from the same address: in the browser that she uses, without work; and with it from anywhere.
        (await alice.PostAsync("/auth/login", new { login = alice.Email, password = alice.Password }, null, there)).Expect(HttpStatusCode.OK);
        var phone = app.NewActor().As(alice);
        var demanded = await phone.PostAsync("/auth/login", new { login = alice.Email, password = alice.Password }, null, there);
        (await phone.PostAsync("/auth/login", new { login = alice.Email, password = alice.Password }, demanded.Solve(), there)).Expect(HttpStatusCode.OK);

        // But what one has signed in with before is not good for guessing.
        for (var i = 0; i < 9; i++)
        {
            (await alice.GuessAsync($"nobody{i}@example.org", from: there)).Expect(HttpStatusCode.Unauthorized);
        }

        (await alice.GuessAsync("nobody@example.org", from: there)).Expect(HttpStatusCode.Forbidden, "challenge_required");
    }

    [Fact]
    public async Task All_browsers_of_one_account_together_are_let_in_without_work_ten_times()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "under-attack"), ("SignIn:ChallengeAddressFailures", "5"), ("TrustedProxies", "127.0.0.1"));
        var mallory = await app.NewActor("mallory").SignUpAsync();
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        var browsers = new List<Actor>();
        for (var number = 0; number < 6; number++)
        {
            browsers.Add(await app.NewActor().As(mallory).SignInAsync()); // each with a token of its own
        }

        Assert.Equal(6, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM devices WHERE account_id = @Id", new { mallory.Id }));
        const string there = "203.0.113.1";
        for (var i = 0; i < 5; i++)
        {
            (await app.NewActor().GuessAsync($"nobody{i}@example.org", from: there)).Expect(HttpStatusCode.Unauthorized);
        }

        var letIn = 0;
        for (var i = 0; i < 18; i++)
        {
            letIn += (await browsers[i % browsers.Count].GuessAsync($"customer{i}@example.org", from: there)).Status is HttpStatusCode.Unauthorized ? 1 : 0;
        }

        Assert.Equal(10, letIn);
        (await bob.PostAsync("/auth/login", new { login = bob.Email, password = bob.Password }, null, there)).Expect(HttpStatusCode.OK); // somebody else's browser
    }

    [Fact]
    public async Task A_server_under_attack_asks_everybody_mildly_and_writes_it_down_once()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "under-attack"), ("SignIn:ChallengeServerFailures", "20"), ("TrustedProxies", "127.0.0.1"));
        var guesser = app.NewActor();
        for (var i = 0; i < 20; i++)
        {
            (await guesser.GuessAsync($"nobody{i}@example.org", from: $"198.51.100.{i}")).Expect(HttpStatusCode.Unauthorized);
        }

        for (var i = 0; i < 200; i++)
        {
            (await guesser.GuessAsync("nobody@example.org", from: $"203.0.113.{i}")).Expect(HttpStatusCode.Forbidden, "challenge_required");
        }

        var honest = await guesser.GuessAsync("nobody@example.org", from: "192.0.2.1");
        Assert.Equal(ChallengeDemand.MostForOthers, honest.Bits());
        (await guesser.GuessAsync("nobody@example.org", honest.Solve(), "192.0.2.1")).Expect(HttpStatusCode.Unauthorized);
        await Eventually.IsAsync(async () => await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'challenge.server_under_attack'") == 1, "the attack was written down");
        (await guesser.GuessAsync("nobody@example.org", (await guesser.GuessAsync("nobody@example.org", from: "192.0.2.1")).Solve(), "192.0.2.1")).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'challenge.server_under_attack'"));

        // What needs no work to be answered is asked for none.
        (await guesser.PostAsync("/auth/refresh", new { refresh_token = "x" })).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await guesser.PostAsync("/auth/passkey/options", new { })).Expect(HttpStatusCode.OK);
        (await guesser.GetAsync("/health")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Where_it_is_off_nothing_is_asked_and_a_purpose_that_is_none_is_refused()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:ChallengeAddressFailures", "1"));
        var guesser = app.NewActor();
        for (var i = 0; i < 5; i++)
        {
            (await guesser.GuessAsync($"nobody{i}@example.org")).Expect(HttpStatusCode.Unauthorized);
        }

        Assert.Equal("""{"challenge":null}""", (await guesser.GetAsync("/auth/challenge?for=sign-in")).Body);
        foreach (var none in new[] { "", "?for=", "?for=Sign-in", "?for=" + new string('a', 21), "?for=a%00" })
        {
            (await guesser.GetAsync("/auth/challenge" + none)).Expect(HttpStatusCode.BadRequest, "validation_failed");
        }
    }

    private static byte[] Bytes(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    private static string Text(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
