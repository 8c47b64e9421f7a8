using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Setup;

/// <summary>The first administrator comes by a link that only whoever reads the log has.</summary>
public sealed partial class SetupTests
{
    private const string Password = "copper river under glass";

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_The_link_makes_one_administrator_and_is_then_over(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var token = TokenOf(app);
        var browser = new PageActor(app);
        for (var look = 0; look < 3; look++)
        {
            (await browser.GetAsync("/setup?token=" + token)).Expect(HttpStatusCode.OK); // looking uses nothing up
        }

        Assert.NotNull((await MakeAsync(browser, token, "root@example.org", "password")).Expect(HttpStatusCode.BadRequest).ErrorOf("password"));
        var squatter = await app.NewActor("squatter").SignUpAsync();
        Assert.NotNull((await MakeAsync(browser, token, squatter.Email)).Expect(HttpStatusCode.Conflict).ErrorOf("email"));
        Assert.Equal("/login", (await MakeAsync(browser, token, "root@example.org")).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Equal("You are the administrator now. Please sign in.", (await browser.GetAsync("/login")).Flash);

        (await browser.GetAsync("/setup?token=" + token)).Expect(HttpStatusCode.Gone);
        (await MakeAsync(browser, token, "second@example.org")).Expect(HttpStatusCode.Gone);
        var root = app.NewActor("root");
        (root.Email, root.Password) = ("root@example.org", Password);
        await browser.SignInAsync(root);
        (await browser.GetAsync("/admin/users")).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles WHERE role = 'admin'"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'admin.set_up'"));
        Assert.Single(Regex.Matches(app.Logs.Text, Regex.Escape(token))); // the start's own line, and never again
        Assert.DoesNotContain(token, await app.DumpAsync(), StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_A_link_runs_out_gets_another_secret_then_and_is_not_guessed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var first = TokenOf(app);
        var browser = new PageActor(app);
        foreach (var wrong in new[] { "", "x", first[..^1] + (first[^1] == 'A' ? 'E' : 'A'), new string('A', 43), first + "A" })
        {
            (await browser.GetAsync("/setup?token=" + wrong)).Expect(HttpStatusCode.Gone);
            (await MakeAsync(browser, wrong, "root@example.org")).Expect(HttpStatusCode.Gone);
        }

        app.Clock.Advance(TimeSpan.FromMinutes(60));
        (await browser.GetAsync("/setup?token=" + first)).Expect(HttpStatusCode.Gone);
        await using var node = await app.StartNodeAsync(("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)));
        var second = TokenOf(node);
        (await browser.GetAsync("/setup?token=" + first)).Expect(HttpStatusCode.Gone);
        (await browser.GetAsync("/setup?token=" + second)).Expect(HttpStatusCode.OK); // of the other node, on this one
        app.Clock.Advance(TimeSpan.FromMinutes(59));
        (await browser.GetAsync("/setup?token=" + second)).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await browser.GetAsync("/setup?token=" + second)).Expect(HttpStatusCode.Gone);
        (await MakeAsync(browser, second, "root@example.org")).Expect(HttpStatusCode.Gone);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles WHERE role = 'admin'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_Of_eight_that_use_the_link_at_once_one_becomes_the_administrator(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var token = TokenOf(app);
        var browsers = new List<(PageActor Browser, string Token)>();
        for (var i = 0; i < 8; i++)
        {
            var browser = new PageActor(app);
            browsers.Add((browser, await browser.TokenAsync()));
        }

        var pages = await Race.RunAsync(8, number => browsers[number].Browser.PostAsync(
            "/setup", browsers[number].Token, [("token", token), ("email", $"root{number}@example.org"), ("password", Password), ("password_again", Password)]));
        Assert.Single(pages, page => page.Status == HttpStatusCode.SeeOther);
        Assert.All(pages.Where(page => page.Status != HttpStatusCode.SeeOther), page => Assert.True(page.Status is HttpStatusCode.Gone or HttpStatusCode.ServiceUnavailable, page.Html));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles WHERE role = 'admin'"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_Where_there_is_an_administrator_no_link_is_written_and_none_works(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var token = TokenOf(app);
        await app.NewAdministratorAsync();
        (await new PageActor(app).GetAsync("/setup?token=" + token)).Expect(HttpStatusCode.Gone);
        await using var node = await app.StartNodeAsync(("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)));
        Assert.DoesNotContain("/setup?token=", node.Logs.Text, StringComparison.Ordinal);

        await using var configured = await TestApp.StartAsync(engine, ("Bootstrap:AdminEmail", "boss@example.org"), ("Bootstrap:AdminPassword", Password));
        Assert.DoesNotContain("/setup?token=", configured.Logs.Text, StringComparison.Ordinal);
    }

    private static Task<Page> MakeAsync(PageActor browser, string token, string email, string password = Password) =>
        browser.PostAsync("/setup", ("token", token), ("email", email), ("password", password), ("password_again", password));

    private static string TokenOf(TestApp app) => LinkInLog().Match(app.Logs.Text) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException("No link in the log.");

    [GeneratedRegex("/setup\\?token=([A-Za-z0-9_-]{43})")]
    private static partial Regex LinkInLog();
}
