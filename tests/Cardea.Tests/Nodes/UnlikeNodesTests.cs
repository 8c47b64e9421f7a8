using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>Nodes that are not quite alike: another clock, another key, another start.</summary>
public sealed partial class UnlikeNodesTests
{
    private static readonly (string, string) PublicUrl = ("PublicUrl", "http://localhost:8099");

    [Theory]
    [OnPostgres(30)]
    [OnPostgres(-30)]
    public async Task RE_09_Two_nodes_half_a_minute_apart_refuse_nothing_of_each_other_and_take_nothing_twice(Engine engine, int seconds)
    {
        await using var here = await TestApp.StartAsync(engine, PublicUrl);
        var clock = new ManualClock();
        clock.Advance(TimeSpan.FromSeconds(seconds));
        await using var there = await TestApp.StartAsync(engine, here.Database, clock, PublicUrl);

        var alice = await here.NewActor("alice").SignUpAsync();
        var twin = there.NewActor().As(alice);
        Assert.NotEmpty(await here.MailsToAsync(alice.Email)); // sent at once by the one: to the clock of the other it may not be due yet
        await twin.VerifyAsync(); // mailed by the one, confirmed at the other
        await alice.SignInAsync();
        for (var round = 0; round < 6; round++)
        {
            var (from, to) = round % 2 == 0 ? (alice, twin) : (twin, alice);
            (to.AccessToken, to.RefreshToken) = (from.AccessToken, from.RefreshToken);
            (await to.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
            (await to.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            (await from.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        }

        var browser = await new PageActor(here).SignInAsync(alice);
        Assert.True(await browser.Copy(there).IsSignedInAsync());

        var phone = await Authenticator.SetUpAsync(here, alice);
        here.Clock.Advance(TimeSpan.FromMinutes(1)); // a code that has not been shown yet
        clock.Advance(TimeSpan.FromMinutes(1));
        var (first, code) = ((await twin.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required"), phone.CodeAt(0));
        (await twin.TrySecondStepAsync(first, "totp", code)).Expect(HttpStatusCode.OK); // the phone's clock is the other node's
        var again = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await alice.TrySecondStepAsync(again, "totp", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");

        await Eventually.IsAsync(() => Task.FromResult(there.Logs.Text.Contains("apart from the database's", StringComparison.Ordinal)), "the node that is apart says so");
        Assert.DoesNotContain("apart from the database's", here.Logs.Text, StringComparison.Ordinal);
    }

    [Theory, OnPostgres]
    public async Task A_node_with_another_master_key_does_not_start_and_says_why(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string[] args = ["--environment", "Development", "--urls", "http://127.0.0.1:0", "--Cardea:Database:Provider=postgres", $"--Cardea:Database:ConnectionString={database.ConnectionString}"];
        using TestFolder first = new(), second = new();
        await using var node = ServerProcess.Start(first.Path, args);
        await node.ListeningAsync();

        var ended = await ServerProcess.RunAsync(second.Path, args); // in a folder of its own it makes a key of its own

        Assert.Equal(1, ended.ExitCode);
        Assert.Matches("^The signing key .* can't be opened with this master key. Set Cardea:MasterKey to the key that this database was used with. Every server on one database needs the same one; .*\n$", ended.Error);
        Assert.DoesNotContain("Cardea is listening", ended.Out, StringComparison.Ordinal);

        Directory.CreateDirectory(second.File("data"));
        File.Copy(first.File("data/master.key"), second.File("data/master.key"), overwrite: true);
        await using var mended = ServerProcess.Start(second.Path, args);
        await mended.ListeningAsync();
    }

    [Theory, OnPostgres]
    public async Task PW_11_Every_nodes_set_up_link_works_on_every_node_and_makes_one_administrator(Engine engine)
    {
        await using var first = await TestApp.StartAsync(engine, PublicUrl);
        first.Clock.Advance(TimeSpan.FromMinutes(50));
        await using var second = await first.StartNodeAsync(PublicUrl);
        var token = TokenOf(first);
        Assert.Equal(token, TokenOf(second));
        first.Clock.Advance(TimeSpan.FromMinutes(59)); // an hour from the last start
        foreach (var node in (TestApp[])[first, second])
        {
            (await new PageActor(node).GetAsync("/setup?token=" + token)).Expect(HttpStatusCode.OK);
        }

        var browser = new PageActor(first);
        (await browser.PostAsync("/setup", ("token", token), ("email", "root@example.org"), ("password", "copper river under glass"), ("password_again", "copper river under glass"))).Expect(HttpStatusCode.SeeOther);
        (await new PageActor(second).GetAsync("/setup?token=" + token)).Expect(HttpStatusCode.Gone);
    }

    private static string TokenOf(TestApp app) => LinkInLog().Match(app.Logs.Text).Groups[1].Value is { Length: > 0 } token ? token : throw new InvalidOperationException("No link in the log.");

    [GeneratedRegex("/setup\\?token=([A-Za-z0-9_-]{43})")]
    private static partial Regex LinkInLog();
}
