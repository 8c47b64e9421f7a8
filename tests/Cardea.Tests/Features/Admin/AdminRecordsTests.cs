using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Admin;

/// <summary>The audit log, the outbox and the figures, by JSON.</summary>
public sealed class AdminRecordsTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task The_audit_log_is_filtered_by_account_event_and_time(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        app.Clock.Advance(TimeSpan.FromHours(2));
        (await carol.TrySignInAsync("wrong")).Expect(HttpStatusCode.Unauthorized);
        await root.SignInAsync();
        (await root.PostAsync($"/api/admin/users/{carol.Id}/sign-out")).Expect(HttpStatusCode.OK);

        Assert.Equal(["account.signed_out_by_admin", "sign_in.failed", "sign_in.succeeded", "account.signed_up"], await EventsAsync(root, $"account={carol.Id}"));
        Assert.Equal(["sign_in.failed"], await EventsAsync(root, $"account={carol.Id}&event=sign_in.failed"));
        var hourAgo = Uri.EscapeDataString(app.Clock.GetUtcNow().AddHours(-1).ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(["account.signed_out_by_admin", "sign_in.failed"], await EventsAsync(root, $"account={carol.Id}&from={hourAgo}"));
        Assert.Equal(["sign_in.succeeded", "account.signed_up"], await EventsAsync(root, $"account={carol.Id}&to={hourAgo}"));
        Assert.Contains("account.signed_out_by_admin", await EventsAsync(root, $"account={root.Id}")); // what was done, for who did it
        (await root.GetAsync("/api/admin/audit?from=yesterday-ish")).Expect(HttpStatusCode.BadRequest, "validation_failed");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RE_07_A_parked_mail_is_seen_and_sent_again_and_nobody_sees_what_it_says(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await app.NewActor("carol").SignUpAsync();
        await app.LastMailToAsync(carol.Email);
        await app.Database.ExecuteAsync("DELETE FROM mailbox");
        // As the outbox has it after a server refused the address for good.
        (await root.PostAsync($"/api/admin/users/{carol.Id}/send-reset")).Expect(HttpStatusCode.OK);
        var queued = (await root.GetAsync("/api/admin/mail")).Expect(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray().First();
        Assert.DoesNotContain("token", queued.ToString(), StringComparison.OrdinalIgnoreCase);
        await app.LastMailToAsync(carol.Email);
        var id = queued.GetProperty("id").GetString();
        (await root.PostAsync($"/api/admin/mail/{id}/retry")).Expect(HttpStatusCode.Conflict, "mail_not_retried");
        (await root.PostAsync($"/api/admin/mail/{new string('0', 32)}/retry")).Expect(HttpStatusCode.NotFound);
        Assert.Empty((await root.GetAsync("/api/admin/mail?status=parked")).Json.GetProperty("items").EnumerateArray());
        (await root.GetAsync("/api/admin/mail?status=lost")).Expect(HttpStatusCode.BadRequest);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_figures_count_what_happened(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        await Authenticator.SetUpAsync(app, carol);
        (await carol.TrySignInAsync("wrong")).Expect(HttpStatusCode.Unauthorized);

        var stats = (await root.GetAsync("/api/admin/stats")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal((2, 1, 2), (stats.GetProperty("accounts").GetInt64(), stats.GetProperty("administrators").GetInt64(), stats.GetProperty("active_sessions").GetInt64()));
        Assert.Equal(1, stats.GetProperty("factors").GetProperty("totp").GetInt64());
        var today = stats.GetProperty("days").EnumerateArray().Last();
        Assert.Equal((2, 1, 2), (today.GetProperty("sign_ins").GetInt64(), today.GetProperty("failures").GetInt64(), today.GetProperty("new_accounts").GetInt64()));
        Assert.Equal(30, stats.GetProperty("days").GetArrayLength());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task CS_01_A_cookie_opens_the_administration_and_changes_something_only_from_a_page_of_ours(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await app.NewActor("carol").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(root);
        Task<Page> DisableAsync(Action<HttpRequestMessage> change) => browser.SendAsync(HttpMethod.Post, $"/api/admin/users/{carol.Id}/disable", null, change);

        (await browser.GetAsync("/api/admin/users")).Expect(HttpStatusCode.OK);
        (await DisableAsync(request =>
        {
            request.Headers.Remove("Sec-Fetch-Site");
            request.Headers.Add("Sec-Fetch-Site", "cross-site");
        })).Expect(HttpStatusCode.Forbidden);
        (await DisableAsync(request =>
        {
            request.Headers.Remove("Sec-Fetch-Site");
            request.Headers.Remove("Origin");
            request.Headers.Add("Origin", "https://evil.example");
        })).Expect(HttpStatusCode.Forbidden);
        Assert.Null(await app.Database.ScalarAsync<long?>("SELECT disabled_at FROM accounts WHERE id = @Id", new { carol.Id }));
        (await DisableAsync(_ => { })).Expect(HttpStatusCode.OK);
        (await DisableAsync(request =>
        {
            // A program that was given the cookie; browsers say where a request comes from.
            request.Headers.Remove("Sec-Fetch-Site");
            request.Headers.Remove("Origin");
        })).Expect(HttpStatusCode.OK);
        (await new PageActor(app).GetAsync("/api/admin/users")).Expect(HttpStatusCode.Unauthorized);
        (await browser.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized); // elsewhere the API takes no cookie
    }

    private static async Task<IEnumerable<string?>> EventsAsync(Actor root, string query) =>
        (await root.GetAsync("/api/admin/audit?" + query)).Expect(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("event").GetString());
}
