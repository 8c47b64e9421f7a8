using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>
/// The flows that a mail begins or finishes: with a step left out, repeated, out of order, or with another flow's secret nobody is signed in and no
/// password is set. (OT-15 comes with invitations: there are none yet.)
/// </summary>
public sealed class OtMailedFlowTests
{
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_05_No_order_of_steps_signs_in_without_what_was_mailed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:MailedCode", "always"));
        var (alice, mallory) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("mallory").SignUpAsync());
        var (code, link, reset) = (await app.CodeAsync(mallory), await app.LinkAsync(mallory), (await OtTokenTests.ForgotAsync(app, mallory)).Token);
        var first = (await mallory.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var (pending, stepCode) = (first.Member("mfa_token")!, await app.StepCodeAsync(mallory));
        for (var round = 0; round < 2; round++)
        {
            if (round == 1)
            {
                await app.CodeAsync(alice); // before anything was asked for alice, and then after
                await app.LinkAsync(alice);
                (await app.NewActor().TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required");
            }

            foreach (var stranger in new[] { app.NewActor("stranger") })
            {
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email });
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email, code = (string?)null });
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email, code = "" });
                await RefusedAsync(stranger, "/auth/code/login", new { code });
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email, code });
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email, code = link });
                await RefusedAsync(stranger, "/auth/code/login", new { email = mallory.Email, code = stepCode });
                await RefusedAsync(stranger, "/auth/code/login", new { email = alice.Email, code, token = link });
                await RefusedAsync(stranger, "/auth/link/login", new { });
                await RefusedAsync(stranger, "/auth/link/login", new { token = (string?)null });
                await RefusedAsync(stranger, "/auth/link/login", new { token = new string('A', 43) });
                await RefusedAsync(stranger, "/auth/link/login", new { token = reset });
                await RefusedAsync(stranger, "/auth/link/login", new { token = pending });
                await RefusedAsync(stranger, "/auth/link/login", new { token = link, email = alice.Email });
                await RefusedAsync(stranger, "/auth/login/mfa", new { mfa_token = pending, method = "email_code" });
                await RefusedAsync(stranger, "/auth/login/mfa", new { mfa_token = pending, method = "email_code", code });
                await RefusedAsync(stranger, "/auth/login/mfa", new { mfa_token = link, method = "email_code", code = stepCode });
                await RefusedAsync(stranger, "/auth/login/mfa", new { mfa_token = pending, method = "pwd", code = stepCode });
                await RefusedAsync(stranger, "/auth/login/mfa", new { method = "email_code", code = stepCode });
                await RefusedAsync(stranger, "/password/reset", new { token = link, password = NewPassword });
                await RefusedAsync(stranger, "/password/reset", new { token = pending, password = NewPassword });
                await RefusedAsync(stranger, "/password/reset", new { email = mallory.Email, code, password = NewPassword });
                await RefusedAsync(stranger, "/password/reset", new { email = mallory.Email, code = stepCode, password = NewPassword });
            }
        }

        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        // They were alive all the while, each for its own flow and once.
        (await mallory.TryLinkAsync(link)).Expect(HttpStatusCode.OK);
        (await mallory.TryLinkAsync(link)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_05_No_page_leads_to_a_new_password_without_the_click_on_what_was_mailed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        (await alice.PatchAsync("/users/me", new { email = "new-" + alice.Email })).Expect(HttpStatusCode.OK);
        var (link, notice, undo) = (
            await app.LinkAsync(alice), (await app.MailOfAsync(alice.Email, "New sign-in to your account")).Token, (await app.MailOfAsync(alice.Email, "Your e-mail address is about to change")).Token);
        var hash = await app.PasswordHashAsync(alice);
        var browser = new PageActor(app);
        (string, string)[] password = [("password", NewPassword), ("password_again", NewPassword)];
        foreach (var (path, token) in new[] { ("/not-me", notice), ("/undo-email-change", undo), ("/login/link", link) })
        {
            (await browser.GetAsync($"{path}?token={token}")).Expect(HttpStatusCode.OK);
            Assert.NotEqual(HttpStatusCode.SeeOther, (await browser.PostAsync("/reset-password", password)).Status); // the click left out
            Assert.NotEqual(HttpStatusCode.SeeOther, (await browser.PostAsync("/reset-password", [("token", token), .. password])).Status);
            foreach (var other in new[] { "/not-me", "/undo-email-change", "/login/link", "/verify-email" }.Where(other => other != path))
            {
                var page = await browser.PostAsync(other, ("token", token));
                Assert.True((int)page.Status is 400 or 401, $"the token of {path} at {other}: {(int)page.Status}");
            }

            foreach (var given in new[] { "", "x", new string('A', 43), token[..^1], token + "A", token.ToUpperInvariant() })
            {
                var page = await browser.PostAsync(path, ("token", given));
                Assert.True((int)page.Status is 400 or 401, $"{path} with {given}: {(int)page.Status}");
            }
        }

        Assert.Equal(hash, await app.PasswordHashAsync(alice));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Null(browser.Session);
    }

    [Theory]
    [OnSqlite("code"), OnSqlite("link"), OnSqlite("reset"), OnPostgres("code"), OnPostgres("link"), OnPostgres("reset")]
    public async Task OT_13_Who_signed_up_with_somebody_elses_address_keeps_nothing_when_its_owner_comes(Engine engine, string how)
    {
        await using var app = await TestApp.StartAsync(engine);
        var thief = await (await app.NewActor("victim").SignUpAsync()).SignInAsync();
        (await thief.PatchAsync("/users/me", new { email = "thief@example.net" })).Expect(HttpStatusCode.OK);
        var foothold = await app.LastMailToAsync("thief@example.net");

        var owner = app.NewActor("owner");
        owner.Email = thief.Email;
        if (how == "reset")
        {
            (await owner.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, owner)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);
            owner.AccessToken = (await owner.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK).Member("access_token");
        }
        else
        {
            var answer = how == "code" ? await owner.TryCodeAsync(await app.CodeAsync(owner)) : await owner.TryLinkAsync(await app.LinkAsync(owner));
            owner.AccessToken = answer.Expect(HttpStatusCode.OK).Member("access_token");
        }

        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await thief.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await thief.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await thief.PostAsync("/verify/confirm", new { token = foothold.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await thief.PostAsync("/verify/confirm", new { email = "thief@example.net", code = foothold.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");

        Assert.True((await owner.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
        Assert.Equal(how == "reset" ? 0 : 1, await app.CountMailsAsync(owner.Email, "Your address is confirmed")); // a reset is told by its own mail
        Assert.Equal(how == "reset" ? 1 : 0, await app.CountMailsAsync(owner.Email, "Your password was changed"));
    }

    [Theory]
    [OnSqlite("code"), OnSqlite("link"), OnSqlite("reset"), OnPostgres("code"), OnPostgres("link"), OnPostgres("reset")]
    public async Task MF_05_OT_06_A_mailbox_is_no_way_past_a_second_factor_also_where_its_address_was_never_proved(Engine engine, string how)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var reader = app.NewActor("reader");
        reader.Email = alice.Email;
        if (how == "reset")
        {
            (await reader.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, reader)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);
        }

        var answer = how switch
        {
            "code" => await reader.TryCodeAsync(await app.CodeAsync(reader)),
            "link" => await reader.TryLinkAsync(await app.LinkAsync(reader)),
            _ => await reader.TrySignInAsync(NewPassword),
        };
        answer.Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await reader.TrySecondStepAsync(answer, "totp", phone.WrongCode())).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await reader.TrySecondStepAsync(answer, "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        // Nor does a mailbox prove an address for whoever has the factor.
        Assert.False((await reader.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_13_An_owner_who_had_proved_the_address_loses_nothing_by_a_mailed_sign_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        (await app.NewActor().TryCodeAsync(await app.CodeAsync(alice), alice.Email)).Expect(HttpStatusCode.OK);
        (await app.NewActor().TryLinkAsync(await app.LinkAsync(alice))).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(0, await app.CountMailsAsync(alice.Email, "Your address is confirmed"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_12_No_member_of_a_body_proves_an_address_or_passes_a_step(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:MailedCode", "always"), Stranger.Believed);
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var before = await app.DumpSettledAsync();
        foreach (var member in new[] { "is_verified", "email_verified", "amr", "mfa", "verified", "proves_address", "skip", "account_id", "binding", "step" })
        {
            foreach (var (path, body) in new[]
            {
                ("/auth/code/login", $"\"email\":\"{alice.Email}\",\"code\":\"000000\""), ("/auth/code/send", $"\"email\":\"{alice.Email}\""), ("/auth/link/send", $"\"email\":\"{alice.Email}\""),
                ("/auth/link/login", $"\"token\":\"{new string('A', 43)}\""), ("/auth/login/mfa", $"\"mfa_token\":\"{first.Member("mfa_token")}\",\"method\":\"email_code\",\"code\":\"000000\""),
                ("/auth/login/mfa/send", $"\"mfa_token\":\"{first.Member("mfa_token")}\""),
            })
            {
                (await alice.SendAsync(HttpMethod.Post, path, $"{{{body},\"{member}\":true}}", withToken: false)).ExpectProblem($"{path} {member}", HttpStatusCode.BadRequest);
            }
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    private static async Task RefusedAsync(Actor actor, string path, object body)
    {
        var answer = await actor.SendAsync(HttpMethod.Post, path, body, withToken: false);
        Assert.True((int)answer.Status is 400 or 401 or 429, $"{path}: {(int)answer.Status} {answer.Body}");
        Assert.DoesNotContain("access_token", answer.Body, StringComparison.Ordinal);
    }
}
