using System.Net;
using System.Text;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Nothing that a person's browser sends because another site wants it is done.</summary>
public sealed class PagesForgeryChecks
{
    private static readonly HttpStatusCode[] Refused = [HttpStatusCode.BadRequest, HttpStatusCode.Forbidden, HttpStatusCode.UnsupportedMediaType];

    /// <summary>For every form of the pages something that it would do.</summary>
    private static readonly Dictionary<string, Func<Victim, (string, string)[]>> Forms = new()
    {
        ["/setup"] = victim => [("token", victim.SetupToken), ("email", "root@example.org"), ("password", "copper river under glass"), ("password_again", "copper river under glass")], // before there is an administrator
        ["/login"] = victim => [("login", victim.Account.Email), ("password", victim.Account.Password)],
        ["/register"] = _ => [("email", $"{Guid.NewGuid():n}@example.org"), ("password", "violet tractor lamp nine"), ("password_again", "violet tractor lamp nine")],
        ["/forgot-password"] = victim => [("login", victim.Account.Email)],
        ["/reset-password"] = victim => [("token", victim.ResetToken), ("password", "brass otter window seven"), ("password_again", "brass otter window seven")],
        ["/verify-email"] = victim => [("token", victim.VerifyToken)],
        ["/verify-email/send"] = victim => [("email", victim.Account.Email)],
        ["/account/profile"] = _ => [("given_name", "Mallory")],
        ["/account/email"] = _ => [("email", $"{Guid.NewGuid():n}@example.org")],
        ["/account/export"] = _ => [],
        ["/account/security/password"] = victim =>
            [("current_password", victim.Account.Password), ("new_password", "brass otter window seven"), ("new_password_again", "brass otter window seven")],
        ["/account/security/delete"] = victim => [("password", victim.Account.Password)],
        ["/account/sessions/end"] = victim => [("id", victim.OtherSession)],
        ["/account/sessions/end-others"] = _ => [],
        ["/login/second-step"] = victim => [("method", "totp"), ("code", victim.Phone!.NextCode())],
        ["/login/second-step/send"] = _ => [("method", "totp")],
        ["/login/set-up/cancel"] = _ => [],
        ["/account/confirm"] = victim => [("password", victim.Account.Password)],
        ["/account/security/authenticator"] = _ => [],
        ["/account/security/authenticator/confirm"] = victim => [("code", victim.Phone!.NextCode())],
        ["/account/security/authenticator/remove"] = _ => [],
        ["/account/security/recovery-codes"] = _ => [],
        ["/account/security/recovery-codes/new/download"] = _ => [],
        ["/account/security/recovery-codes/new/kept"] = _ => [],
        ["/account/security/devices/end"] = victim => [("id", victim.TrustedDevice!)],
        ["/account/security/devices/end-all"] = _ => [],
        ["/login/passkey"] = victim => [("credential", victim.Passkey!)],
        ["/account/security/passkeys"] = victim => [("credential", victim.Passkey!)],
        ["/account/security/passkeys/rename"] = victim => [("id", victim.PasskeyId!), ("name", "Mallory")],
        ["/account/security/passkeys/remove"] = victim => [("id", victim.PasskeyId!)],
        ["/logout"] = _ => [],
        ["/login/code"] = victim => [("code", victim.Code)],
        ["/login/code/send"] = victim => [("email", victim.Account.Email)],
        ["/login/link"] = victim => [("token", victim.LinkToken)],
        ["/login/link/send"] = victim => [("email", victim.Account.Email)],
        ["/not-me"] = victim => [("token", victim.NoticeToken)],
        ["/undo-email-change"] = victim => [("token", victim.UndoToken)],
        ["/language"] = _ => [("language", "en"), ("return_url", "/login")],
        ["/admin/users"] = _ => [("email", $"{Guid.NewGuid():n}@example.org")],
        ["/admin/users/{id}/profile"] = _ => [("email", $"{Guid.NewGuid():n}@example.org"), ("given_name", "Mallory")],
        ["/admin/users/{id}/confirm-address"] = _ => [],
        ["/admin/users/{id}/roles"] = _ => [("roles", "admin")],
        ["/admin/users/{id}/disable"] = _ => [],
        ["/admin/users/{id}/enable"] = _ => [],
        ["/admin/users/{id}/unlock"] = _ => [],
        ["/admin/users/{id}/sign-out"] = _ => [],
        ["/admin/users/{id}/end-session"] = victim => [("session", victim.Target!.SessionId)],
        ["/admin/users/{id}/send-reset"] = _ => [],
        ["/admin/users/{id}/temporary-password"] = _ => [],
        ["/admin/users/{id}/reset-factors"] = _ => [],
        ["/admin/users/{id}/view-as"] = _ => [],
        ["/stop-viewing"] = _ => [],
        ["/admin/users/{id}/delete"] = victim => [("confirm", victim.Target!.Email)],
        ["/admin/roles"] = _ => [("name", "mallory"), ("permissions", "accounts.write")],
        ["/admin/roles/{name}"] = _ => [("permissions", "accounts.write")],
        ["/admin/roles/{name}/delete"] = _ => [],
        ["/admin/audit/export"] = _ => [("format", "csv")],
        ["/admin/mail/{id}/retry"] = _ => [],
        ["/admin/keys/rotate"] = _ => [("now", "true")],
    };

    /// <summary>What must be there before a form does anything.</summary>
    private static readonly Dictionary<string, Func<TestApp, Victim, Task>> Before = new()
    {
        ["/login/second-step"] = async (app, victim) =>
        {
            await SetUpAsync(app, victim);
            await victim.Browser.TrySignInAsync(victim.Account);
        },
        ["/account/security/authenticator/confirm"] = async (app, victim) =>
        {
            await victim.Browser.PostAsync("/account/security/authenticator");
            victim.Phone = Authenticator.On(app, await victim.Browser.GetAsync("/account/security/authenticator"));
        },
        ["/account/security/authenticator/remove"] = SetUpAsync,
        ["/login/passkey"] = async (app, victim) =>
        {
            var passkey = await AddPasskeyAsync(app, victim);
            victim.Passkey = passkey.Get(await OptionsAsync(victim, "/login/passkey/options")).ToJsonString();
        },
        ["/account/security/passkeys"] = async (app, victim) =>
            victim.Passkey = new PasskeyHolder(app).Passkey.Create(await OptionsAsync(victim, "/account/security/passkeys/options")).ToJsonString(),
        ["/account/security/passkeys/rename"] = AddPasskeyAsync,
        ["/account/security/passkeys/remove"] = AddPasskeyAsync,
        ["/account/security/recovery-codes"] = SetUpAsync,
        ["/account/security/devices/end"] = async (app, victim) =>
        {
            await SetUpAsync(app, victim);
            var trusted = new PageActor(app);
            await trusted.TrySignInAsync(victim.Account);
            await trusted.PostAsync("/login/second-step", ("method", "totp"), ("code", victim.Phone!.NextCode()), ("trust_device", "true"));
            victim.TrustedDevice = (await trusted.GetAsync("/account/security/devices")).ValueOf("id");
        },
        ["/stop-viewing"] = async (app, victim) =>
        {
            await AdministerAsync(app, victim);
            (await victim.Browser.PostAsync($"/admin/users/{victim.Target!.Id}/view-as")).Expect(HttpStatusCode.SeeOther);
        },
        ["/admin/users/{id}/end-session"] = (_, victim) => victim.Target!.SignInAsync(),
        ["/admin/users/{id}/enable"] = (app, victim) => app.Database.ExecuteAsync("UPDATE accounts SET disabled_at = 1 WHERE id = @Id", new { victim.Target!.Id }),
        ["/admin/mail/{id}/retry"] = async (app, victim) =>
        {
            victim.Mail = await app.Database.ScalarAsync<string>("SELECT MAX(id) FROM outbox");
            await app.Database.ExecuteAsync("UPDATE outbox SET state = 'parked', content = @content, send_before = @never WHERE id = @Mail", new { content = new byte[] { 1 }, never = long.MaxValue, victim.Mail });
        },
    };

    /// <summary>What they do, they do to the browser.</summary>
    private static readonly string[] WriteNothing =
        ["/language", "/login/second-step/send", "/login/set-up/cancel", "/account/security/recovery-codes/new/download", "/account/security/recovery-codes/new/kept"];

    [Fact]
    public async Task CS_01_Every_form_of_the_pages_is_in_the_table()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var forms = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<PageAccess>().Any() && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("POST"))
            .Select(route => route.RoutePattern.RawText!);
        Assert.Equal(Forms.Keys.Order(), forms.Order());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task CS_01_A_form_does_nothing_unless_our_own_page_sent_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Admin:Impersonation", "true"));
        var mallory = await new PageActor(app).SignInAsync(await app.NewActor("mallory").SignUpAsync());
        var malloryToken = await mallory.TokenAsync();
        var strangersToken = await new PageActor(app).TokenAsync();
        foreach (var (form, fieldsOf) in Forms)
        {
            var victim = await Victim.ReadyAsync(app);
            if (form.StartsWith("/admin/", StringComparison.Ordinal))
            {
                await AdministerAsync(app, victim);
            }

            await Before.GetValueOrDefault(form, (_, _) => Task.CompletedTask)(app, victim);
            var path = form.Replace("{id}", victim.Mail ?? victim.Target?.Id, StringComparison.Ordinal).Replace("{name}", "keeper", StringComparison.Ordinal);
            var (browser, fields) = (victim.Browser, fieldsOf(victim));
            var token = await browser.TokenAsync();
            await browser.GetAsync("/dev/mail"); // what is to be mailed is mailed now, and not while we look
            var before = await StateAsync(app);
            var tries = new Dictionary<string, Func<Task<Page>>>
            {
                ["no token"] = () => browser.PostAsync(path, null, fields),
                ["an empty token"] = () => browser.PostAsync(path, "", fields),
                ["a made-up token"] = () => browser.PostAsync(path, token[..^8] + "AAAAAAAA", fields),
                ["the token of another who is signed in"] = () => browser.PostAsync(path, malloryToken, fields),
                ["the token of another who is not"] = () => browser.PostAsync(path, strangersToken, fields),
                ["the token from before sign-in"] = () => browser.PostAsync(path, victim.TokenBeforeSignIn, fields),
                ["the token from before sign-in, asked for by a frame"] = () => browser.PostAsync(path, victim.TokenBeforeSignIn, fields, Saying("Sec-Fetch-Dest", "iframe")),
                ["the token twice"] = () => browser.PostAsync(path, token, [.. fields, ("_token", token)]),
                ["another site"] = () => browser.PostAsync(path, token, fields, Saying("Origin", "https://evil.example")),
                ["another port"] = () => browser.PostAsync(path, token, fields, Saying("Origin", "http://127.0.0.1:1")),
                ["a name that begins like ours"] = () => browser.PostAsync(path, token, fields, Saying("Origin", app.Address.GetLeftPart(UriPartial.Authority) + ".evil.example")),
                ["a null origin, and no word of the site"] = () => browser.PostAsync(path, token, fields, request =>
                {
                    Saying("Origin", "null")(request);
                    request.Headers.Remove("Sec-Fetch-Site");
                }),
                ["a null origin of a sandboxed frame"] = () => browser.PostAsync(path, token, fields, request =>
                {
                    Saying("Origin", "null")(request);
                    Saying("Sec-Fetch-Site", "cross-site")(request);
                }),
                ["cross-site"] = () => browser.PostAsync(path, token, fields, Saying("Sec-Fetch-Site", "cross-site")),
                ["same-site"] = () => browser.PostAsync(path, token, fields, Saying("Sec-Fetch-Site", "same-site")),
                ["no origin, cross-site"] = () => browser.PostAsync(path, token, fields, request =>
                {
                    request.Headers.Remove("Origin");
                    Saying("Sec-Fetch-Site", "cross-site")(request);
                }),
                ["plain text"] = () => browser.SendAsync(HttpMethod.Post, path, new StringContent(Text(token, fields), Encoding.UTF8, "text/plain")),
                ["JSON"] = () => browser.SendAsync(HttpMethod.Post, path, new StringContent("""{"_token":"x"}""", Encoding.UTF8, "application/json")),
                ["no content type"] = () => browser.SendAsync(HttpMethod.Post, path, new ByteArrayContent(Encoding.UTF8.GetBytes(Text(token, fields)))),
                ["all in the query"] = () => browser.SendAsync(HttpMethod.Post, path + "?" + Text(token, fields), PageActor.Form(null)),
            };
            foreach (var (name, send) in tries)
            {
                var page = await send();
                Assert.True(Refused.Contains(page.Status), $"{path}, {name}: {(int)page.Status} {page.Html}");
                Assert.Empty(page.SetCookies);
            }

            Assert.True(before == await StateAsync(app), path + " changed something");
            Assert.True(await browser.IsSignedInAsync());

            var done = await browser.PostAsync(path, token, fields);
            Assert.True(done.Status is HttpStatusCode.SeeOther or HttpStatusCode.OK, $"{path}: {(int)done.Status} {done.Html}");
            Assert.True(path != "/language" || done.SetCookies.Any(cookie => cookie.Value == "en"));
            Assert.True(WriteNothing.Contains(path) || before != await StateAsync(app), path + " did nothing");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task CS_02_Nobody_is_signed_in_to_an_account_of_somebody_elses_choice(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var attacker = await app.NewActor("attacker").SignUpAsync();
        var token = await new PageActor(app).TokenAsync(); // the attacker's own page holds it
        var victim = new PageActor(app);
        var ownToken = await victim.TokenAsync();
        (string, string)[] fields = [("login", attacker.Email), ("password", attacker.Password)];
        (await victim.PostAsync("/login", token, fields)).Expect(HttpStatusCode.BadRequest);
        (await victim.PostAsync("/login", ownToken, fields, Saying("Origin", "https://evil.example"))).Expect(HttpStatusCode.Forbidden);
        (await victim.PostAsync("/login", token, fields, request =>
        {
            request.Headers.Remove("Origin"); // an old browser, which says nothing of where it comes from
            request.Headers.Remove("Sec-Fetch-Site");
        })).Expect(HttpStatusCode.BadRequest);
        Assert.Null(victim.Session);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task CS_02_Opening_the_sign_out_page_asks_and_ends_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        await browser.GetAsync("/dev/mail"); // what is to be mailed is mailed now, and not while we look
        var before = await StateAsync(app);
        Assert.Contains("action=\"/logout\"", (await browser.GetAsync("/logout")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await browser.SendAsync(HttpMethod.Head, "/logout")).Expect(HttpStatusCode.OK);
        (await browser.PostAsync("/logout", null, [])).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(before, await StateAsync(app));
        Assert.True(await browser.IsSignedInAsync());
        (await browser.PostAsync("/logout")).Expect(HttpStatusCode.SeeOther);
        Assert.False(await browser.IsSignedInAsync());
    }

    private static Action<HttpRequestMessage> Saying(string header, string value) => request =>
    {
        request.Headers.Remove(header);
        request.Headers.TryAddWithoutValidation(header, value);
    };

    private static string Text(string token, (string Name, string Value)[] fields) =>
        string.Join('&', fields.Append(("_token", token)).Select(field => $"{field.Item1}={Uri.EscapeDataString(field.Item2)}"));

    /// <summary>Everything stored, in an order that does not hang on how the engine keeps it.</summary>
    private static async Task<string> StateAsync(TestApp app) => string.Join('\n', (await app.DumpAsync()).Split('\n').Order(StringComparer.Ordinal));

    private static async Task<SoftPasskey> AddPasskeyAsync(TestApp app, Victim victim)
    {
        var passkey = new PasskeyHolder(app).Passkey;
        var made = passkey.Create(await OptionsAsync(victim, "/account/security/passkeys/options")).ToJsonString();
        (await victim.Browser.PostAsync("/account/security/passkeys", ("credential", made))).Expect(HttpStatusCode.SeeOther);
        victim.PasskeyId = (await victim.Browser.GetAsync("/account/security/passkeys")).ValueOf("id");
        return passkey;
    }

    /// <summary>Makes the victim an administrator, with somebody and a role to do things to.</summary>
    private static async Task AdministerAsync(TestApp app, Victim victim)
    {
        victim.Target = await (await app.NewActor("target").SignUpAsync()).SignInAsync();
        await app.Database.ExecuteAsync("INSERT INTO roles (name, description, created_at) VALUES ('keeper', '', 1) ON CONFLICT (name) DO NOTHING");
        await app.Services.GetRequiredService<Database>().WriteAsync(async transaction =>
        {
            await transaction.ExecuteAsync("INSERT INTO account_roles (account_id, role) VALUES (@Id, 'admin')", new { victim.Account.Id });
            transaction.Invalidate(Cardea.Features.Accounts.AccountDirectory.Topic, victim.Account.Id!);
        });
    }

    private static async Task<JsonElement> OptionsAsync(Victim victim, string path) => (await victim.Browser.GetAsync(path)).Expect(HttpStatusCode.OK).Answer.Json;

    private static async Task SetUpAsync(TestApp app, Victim victim) => victim.Phone = await Authenticator.SetUpAsync(app, victim.Browser);

    private sealed record Victim(Actor Account, PageActor Browser, string TokenBeforeSignIn, string OtherSession, string VerifyToken, string ResetToken, string Code, string LinkToken, string NoticeToken, string UndoToken)
    {
        public Authenticator? Phone { get; set; }

        public string? TrustedDevice { get; set; }

        public string? Passkey { get; set; }

        public string? PasskeyId { get; set; }

        /// <summary>Whom the victim administers.</summary>
        public Actor? Target { get; set; }

        public string? Mail { get; set; }

        public string SetupToken { get; private set; } = "";

        public static async Task<Victim> ReadyAsync(TestApp app)
        {
            var account = await app.NewActor("alice").SignUpAsync();
            var verify = (await app.LastMailToAsync(account.Email)).Token;
            await account.SignInAsync();
            (await account.PostAsync("/password/forgot", new { email = account.Email })).Expect(HttpStatusCode.Accepted);
            var reset = (await app.MailsToAsync(account.Email)).First(mail => mail.Links.Count == 1 && mail.Links[0].Contains("/reset-password", StringComparison.Ordinal)).Token;
            (await account.PostAsync("/auth/link/send", new { email = account.Email })).Expect(HttpStatusCode.Accepted);
            (await account.PatchAsync("/users/me", new { email = "new-" + account.Email })).Expect(HttpStatusCode.OK);
            var browser = new PageActor(app);
            var before = await browser.TokenAsync();
            (await browser.PostAsync("/login/code/send", ("email", account.Email))).Expect(HttpStatusCode.SeeOther);
            await browser.SignInAsync(account); // a new device, of which a mail tells
            var mails = await app.MailsToAsync(account.Email);
            string TokenOf(string path) => mails.First(mail => mail.Links.Count == 1 && mail.Links[0].Contains(path, StringComparison.Ordinal)).Token;
            return new(
                account, browser, before, account.SessionId, verify, reset, mails.First(mail => mail.Subject == "Your code to sign in").Code!, TokenOf("/login/link"), TokenOf("/not-me"), TokenOf("/undo-email-change"))
            {
                SetupToken = app.Logs.Text.Split("/setup?token=")[1][..43],
            };
        }
    }
}
