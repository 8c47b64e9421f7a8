using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Nodes;

/// <summary>A browser whose requests go now to one node and now to another notices nothing; and what ends at one ends at all.</summary>
public sealed class PagesAcrossNodesTests
{
    private const string NewPassword = "brass otter window seven";

    [Theory, OnPostgres]
    public async Task A_page_of_one_node_is_posted_to_another_and_its_message_is_read_there(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        // Both make their first page at once, when there is no key yet.
        var (atA, atB) = (new PageActor(nodes.A), new PageActor(nodes.B));
        await Task.WhenAll(atA.GetAsync("/login"), atB.GetAsync("/login"));
        foreach (var (here, there) in new[] { (nodes.A, nodes.B), (nodes.B, nodes.A) })
        {
            var browser = new PageActor(here);
            var token = await browser.TokenAsync();
            var posting = browser.Copy(there);
            (await posting.PostAsync("/login", token, [("login", alice.Email), ("password", alice.Password)])).Expect(HttpStatusCode.SeeOther);
            browser = posting.Copy(here);
            Assert.True(await browser.IsSignedInAsync());
            (await browser.PostAsync("/account/profile", ("given_name", "Ann"))).Expect(HttpStatusCode.SeeOther);
            Assert.Equal("Your profile was saved.", (await browser.Copy(there).GetAsync("/account/profile")).Flash);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_keys_of_forms_and_messages_are_stored_sealed_and_outlive_a_restart(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", "http://localhost:8099"));
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        var token = await browser.TokenAsync();
        var rows = await app.Database.QueryAsync<byte[]>("SELECT content FROM protection_keys");
        Assert.Single(rows);
        Assert.All(rows, row => Assert.All(["<key", "masterKey", "descriptor", "AES"], word => Assert.True(row.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) < 0)));
        Assert.DoesNotContain("masterKey", await app.DumpAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", app.Logs.Text, StringComparison.Ordinal);
        await app.StopAsync();

        await using var again = await app.StartNodeAsync(("PublicUrl", "http://localhost:8099"));
        var after = browser.Copy(again);
        (await after.PostAsync("/account/profile", token, [("given_name", "Ann")])).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("Your profile was saved.", (await after.GetAsync("/account/profile")).Flash);
        Assert.Single(await app.Database.QueryAsync<string>("SELECT id FROM protection_keys"));
    }

    [Theory, OnPostgres]
    public async Task SE_07_SE_05_What_ends_an_accounts_sessions_ends_its_cookies_on_every_node_within_a_second(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var endings = new Dictionary<string, Func<Actor, PageActor, Task>>
        {
            ["reset"] = async (alice, _) =>
            {
                await alice.PostAsync("/password/forgot", new { email = alice.Email });
                var mail = (await nodes.A.MailsToAsync(alice.Email)).First(mail => mail.Links.Count == 1 && mail.Links[0].Contains("/reset-password", StringComparison.Ordinal));
                (await new PageActor(nodes.A).PostAsync("/reset-password", ("token", mail.Token), ("password", NewPassword), ("password_again", NewPassword))).Expect(HttpStatusCode.SeeOther);
            },
            ["deletion"] = async (alice, browser) => (await browser.Copy().PostAsync("/account/security/delete", ("password", alice.Password))).Expect(HttpStatusCode.SeeOther),
            ["disabling"] = (alice, _) => nodes.A.DisableAsync(alice),
            ["signing out"] = async (_, browser) => (await browser.Copy().PostAsync("/logout")).Expect(HttpStatusCode.SeeOther),
            ["ending all sessions elsewhere"] = async (alice, browser) =>
            {
                var other = await new PageActor(nodes.A).SignInAsync(alice);
                (await other.PostAsync("/account/sessions/end-others")).Expect(HttpStatusCode.SeeOther);
                Assert.True(await other.IsSignedInAsync());
            },
        };
        foreach (var (name, endAsync) in endings)
        {
            var alice = await nodes.A.NewActor("alice").SignUpAsync();
            var browser = await new PageActor(nodes.A).SignInAsync(alice);
            var second = await new PageActor(nodes.A).SignInAsync(alice);
            Assert.True(await browser.Copy(nodes.B).IsSignedInAsync());
            Assert.True(await second.Copy(nodes.B).IsSignedInAsync());
            await endAsync(alice, browser);
            Assert.False(await browser.IsSignedInAsync(), name);
            await Task.Delay(1000);
            Assert.False(await browser.Copy(nodes.B).IsSignedInAsync(), name + ", other node");
            if (name != "signing out")
            {
                Assert.False(await second.IsSignedInAsync(), name + ", second browser");
                Assert.False(await second.Copy(nodes.B).IsSignedInAsync(), name + ", second browser, other node");
            }
        }
    }
}
