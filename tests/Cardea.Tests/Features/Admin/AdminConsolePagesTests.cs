using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Admin;

/// <summary>The other pages of the administration: roles, audit log, outbox, keys, settings, health, figures; and who may open which.</summary>
public sealed class AdminConsolePagesTests
{
    private static readonly string[] Pages = ["/admin", "/admin/users", "/admin/roles", "/admin/audit", "/admin/mail", "/admin/keys", "/admin/settings", "/admin/health"];

    [Theory, OnSqlite, OnPostgres]
    public async Task Everybody_is_offered_what_they_may_open_and_nothing_else_opens(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var admin = await new PageActor(app).SignInAsync(root);
        (await admin.PostAsync("/admin/roles", ("name", "support"), ("permissions", "accounts.read"), ("permissions", "audit.read"))).Expect(HttpStatusCode.SeeOther);
        var helper = await app.NewActor("helper").SignUpAsync();
        (await admin.PostAsync($"/admin/users/{helper.Id}/roles", ("roles", "support"))).Expect(HttpStatusCode.SeeOther);
        var supporter = await new PageActor(app).SignInAsync(helper);
        var user = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());

        Assert.Equal(Pages, Offered(await admin.GetAsync("/admin")));
        Assert.Equal(["/admin/users", "/admin/audit"], Offered(await supporter.GetAsync("/admin/users")));
        Assert.DoesNotContain("/admin", (await user.GetAsync("/dashboard")).Html, StringComparison.Ordinal);
        Assert.Contains("href=\"/admin/users\"", (await supporter.GetAsync("/dashboard")).Html, StringComparison.Ordinal);
        foreach (var page in Pages)
        {
            (await admin.GetAsync(page)).Expect(HttpStatusCode.OK);
            (await supporter.GetAsync(page)).Expect(page is "/admin/users" or "/admin/audit" ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
            (await user.GetAsync(page)).Expect(HttpStatusCode.Forbidden);
            Assert.StartsWith("/login?return_url=", (await new PageActor(app).GetAsync(page)).Expect(HttpStatusCode.SeeOther).Location, StringComparison.Ordinal);
        }

        // May look and not touch, nor be shown what to touch with.
        Assert.DoesNotContain("/disable\"", (await supporter.GetAsync($"/admin/users/{root.Id}")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await supporter.PostAsync($"/admin/users/{root.Id}/disable")).Expect(HttpStatusCode.Forbidden);
        (await supporter.PostAsync("/admin/keys/rotate")).Expect(HttpStatusCode.Forbidden);

        static IEnumerable<string> Offered(Page page) => Regex.Matches(Regex.Match(page.Expect(HttpStatusCode.OK).Html, "<nav class=\"sub\".*?</nav>", RegexOptions.Singleline).Value, "href=\"([^\"]+)\"").Select(match => match.Groups[1].Value);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_role_is_made_changed_and_deleted(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        Assert.NotNull((await browser.PostAsync("/admin/roles", ("name", "Not Good"))).Expect(HttpStatusCode.BadRequest).ErrorOf("name"));
        (await browser.PostAsync("/admin/roles", ("name", "support"), ("description", "Answers questions"), ("permissions", "accounts.read"))).Expect(HttpStatusCode.SeeOther);
        Assert.NotNull((await browser.PostAsync("/admin/roles", ("name", "support"))).Expect(HttpStatusCode.Conflict).ErrorOf("name"));
        Assert.Contains("value=\"accounts.read\" checked", (await browser.GetAsync("/admin/roles/support")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await browser.PostAsync("/admin/roles/support", ("description", "Looks at mail"), ("permissions", "mail.read"), ("permissions", "mail.write"))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(["mail.read", "mail.write"], await app.Database.QueryAsync<string>("SELECT permission FROM role_permissions WHERE role = 'support' ORDER BY permission"));
        (await browser.PostAsync("/admin/roles/admin", ("permissions", "mail.read"))).Expect(HttpStatusCode.Conflict);
        (await browser.PostAsync("/admin/roles/support/delete")).Expect(HttpStatusCode.SeeOther);
        (await browser.GetAsync("/admin/roles/support")).Expect(HttpStatusCode.NotFound);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_audit_log_is_filtered_and_taken_along_and_no_cell_is_a_formula(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var mallory = await app.NewActor("mallory").SignUpAsync();
        mallory.UserAgent = "=HYPERLINK(\"https://evil.example\",\"click\"), and a\tcomma";
        await mallory.SignInAsync();
        var page = (await browser.GetAsync($"/admin/audit?account={mallory.Id}&event=sign_in.succeeded")).Expect(HttpStatusCode.OK);
        Assert.Single(Regex.Matches(page.Html, "<small><code>[a-z_]+\\.[a-z_]+</code></small>"));
        Assert.Contains("No event matches.", (await browser.GetAsync($"/admin/audit?account={mallory.Id}&to=2001-01-01")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await browser.GetAsync("/admin/audit?from=yesterday-ish")).Expect(HttpStatusCode.BadRequest);

        var csv = (await browser.PostAsync("/admin/audit/export", ("account", mallory.Id!), ("format", "csv"))).Expect(HttpStatusCode.OK);
        Assert.Contains("attachment", csv.Answer.Header("Content-Disposition"), StringComparison.Ordinal);
        Assert.StartsWith("text/csv", csv.Answer.Header("Content-Type"), StringComparison.Ordinal);
        var lines = csv.Html.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length); // the names, the sign-in, the sign-up
        Assert.Contains(",\"'=HYPERLINK(\"\"https://evil.example\"\"", lines[1], StringComparison.Ordinal);
        var rows = (await browser.PostAsync("/admin/audit/export", ("format", "jsonl"))).Expect(HttpStatusCode.OK).Html.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("audit.exported", JsonDocument.Parse(rows[0]).RootElement.GetProperty("event").GetString());
        Assert.Equal(rows.Length, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_02_A_mail_that_waits_is_seen_without_what_opens_anything_and_sent_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var carol = await app.NewActor("carol").SignUpAsync();
        await app.Database.ExecuteAsync("ALTER TABLE mailbox RENAME TO mailbox_away"); // nothing can be delivered
        (await browser.PostAsync($"/admin/users/{carol.Id}/send-reset")).Expect(HttpStatusCode.SeeOther);
        (await browser.PostAsync($"/admin/users/{carol.Id}/temporary-password")).Expect(HttpStatusCode.SeeOther);
        await Eventually.IsAsync(async () => await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND last_error IS NOT NULL AND template IN ('reset-link', 'temporary-password-set')") == 2, "both were tried in vain");
        foreach (var (id, template) in await app.Database.QueryAsync<(string, string)>("SELECT id, template FROM outbox WHERE state = 'queued' AND template IN ('reset-link', 'temporary-password-set')"))
        {
            var page = (await browser.GetAsync("/admin/mail/" + id)).Expect(HttpStatusCode.OK);
            Assert.Contains(template == "reset-link" ? "/********" : "••••••", WebUtility.HtmlDecode(page.Html), StringComparison.Ordinal);
            Assert.DoesNotMatch("token=[A-Za-z0-9_-]", page.Html);
            Assert.DoesNotMatch("[a-z1-9]{4}(-[a-z1-9]{4}){3}", Regex.Match(page.Html, "<pre.*?</pre>", RegexOptions.Singleline).Value);
            (await browser.PostAsync($"/admin/mail/{id}/retry")).Expect(HttpStatusCode.SeeOther);
        }

        await app.Database.ExecuteAsync("ALTER TABLE mailbox_away RENAME TO mailbox");
        app.Clock.Advance(TimeSpan.FromMinutes(1)); // the next try may have been before that
        Assert.Contains(await app.MailsToAsync(carol.Email), mail => mail.Links.Any(link => link.Contains("/reset-password?token=", StringComparison.Ordinal)));
        var sent = await app.Database.ScalarAsync<string>("SELECT id FROM outbox WHERE state = 'sent' AND template = 'reset-link'");
        Assert.DoesNotContain("<pre", (await browser.GetAsync("/admin/mail/" + sent)).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await browser.GetAsync("/admin/mail?status=sent")).Expect(HttpStatusCode.OK);
        (await browser.GetAsync("/admin/mail/nothing")).Expect(HttpStatusCode.NotFound);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Keys_are_rotated_under_the_administrators_name_and_the_house_is_shown(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Bootstrap:AdminEmail", "boss@example.org"), ("Bootstrap:AdminPassword", "copper river under glass"));
        var root = await app.NewAdministratorAsync();
        var browser = await new PageActor(app).SignInAsync(root);
        (await browser.PostAsync("/admin/keys/rotate")).Expect(HttpStatusCode.SeeOther);
        Assert.Contains("signs from", (await browser.GetAsync("/admin/keys")).Html, StringComparison.Ordinal);
        (await browser.PostAsync("/admin/keys/rotate", ("now", "true"))).Expect(HttpStatusCode.SeeOther);
        (await root.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized); // signed by a key that somebody else may have
        Assert.Equal([root.Id, root.Id], await app.Database.QueryAsync<string?>("SELECT actor_id FROM audit_events WHERE event LIKE 'signing_key%' AND actor_id IS NOT NULL"));

        var settings = (await browser.GetAsync("/admin/settings")).Expect(HttpStatusCode.OK).Html;
        Assert.Contains("Cardea:Bootstrap:AdminPassword", settings, StringComparison.Ordinal);
        Assert.DoesNotContain("copper river", settings, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Database.ConnectionString, WebUtility.HtmlDecode(settings), StringComparison.Ordinal);
        Assert.DoesNotContain("look here", (await browser.GetAsync("/admin/health")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        await app.Database.ExecuteAsync("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, '9999_of_tomorrow', 'x', 0)");
        Assert.Contains("A newer program has been here: 9999_of_tomorrow.", (await browser.GetAsync("/admin/health")).Html, StringComparison.Ordinal);

        (await root.TrySignInAsync("wrong")).Expect(HttpStatusCode.Unauthorized);
        app.Clock.Advance(TimeSpan.FromSeconds(6));
        var figures = (await browser.GetAsync("/admin")).Expect(HttpStatusCode.OK).Html;
        Assert.Contains($"<th scope=\"row\">{app.Clock.GetUtcNow():yyyy-MM-dd}</th><td>2</td><td>1</td>", figures, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", figures, StringComparison.Ordinal);
    }
}
