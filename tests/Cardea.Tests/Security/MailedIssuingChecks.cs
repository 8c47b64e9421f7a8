using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The issuing paths of mailed codes and links, for <see cref="AllIssuingPaths"/>: what they prove is the mailbox, so other things stand in their way than in a password's.</summary>
public sealed class MailedIssuingChecks
{
    public static readonly string[] Pages = ["/login/code", "/login/link"];

    public static readonly string[] Routes = ["/auth/code/login", "/auth/link/login", .. Pages];

    /// <summary>What is then answered by the API, and where it leads in the browser; <c>invalid</c> is each way's own word for what proves nothing.</summary>
    private static readonly Dictionary<string, (Func<TestApp, Actor, Task> ArrangeAsync, string Answer, string? Leads)> States = new()
    {
        ["fine"] = ((_, _) => Task.CompletedTask, "200", "/dashboard"),
        ["disabled"] = ((app, alice) => app.DisableAsync(alice), "403 account_disabled", null),
        ["deleted"] = (async (_, alice) => (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK), "401 invalid", null),
        // The mail proves the address.
        ["unverified"] = ((app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL"), "200", "/dashboard"),
        ["must change the password"] = ((app, alice) => app.ChangeAccountAsync(alice, "password_change_required = 1"), "403 password_change_required", "/reset-password"),
        ["disabled and must change the password"] = ((app, alice) => app.ChangeAccountAsync(alice, "disabled_at = 1, password_change_required = 1"), "403 account_disabled", null),
        ["throttled"] = (async (app, alice) =>
        {
            for (var guess = 0; guess < 12; guess++)
            {
                await app.NewActor().TrySignInAsync("guess " + guess, login: alice.Email);
            }
        }, "200", "/dashboard"),
        ["factor set up"] = (async (app, alice) => await Authenticator.SetUpAsync(app, alice), "403 mfa_required", "/login/second-step"),
        ["must set up a factor"] = ((app, alice) => app.MakeAdminAsync(alice), "403 mfa_enrollment_required", "/login/set-up"),
        // A new password voids what was mailed before it.
        ["has a new password"] = (async (_, alice) =>
            (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = "brass otter window seven" })).Expect(HttpStatusCode.OK), "401 invalid", null),
    };

    public static TheoryData<Engine, string> All()
    {
        var all = new TheoryData<Engine, string>();
        foreach (var name in States.Keys)
        {
            all.Add(Engine.Sqlite, name);
            if (TestDatabase.PostgresServer is not null)
            {
                all.Add(Engine.Postgres, name);
            }
        }

        return all;
    }

    [Theory, MemberData(nameof(All))]
    public async Task PE_01_BF_07_Every_path_of_a_mail_asks_whether_the_account_may_have_a_token(Engine engine, string state)
    {
        await using var app = await TestApp.StartAsync(
            engine, ("SignUp:RequireVerifiedEmail", "true"), ("SignIn:RequireSecondFactor", "admins"), ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine"));
        var (arrange, expected, leads) = States[state];
        foreach (var (way, invalid) in new[] { ("code", "invalid_code"), ("link", "invalid_token") })
        {
            var (alice, elsewhere) = (await ReadyAsync(app), app.NewActor("elsewhere"));
            (await elsewhere.PostAsync($"/auth/{way}/send", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
            var mail = await app.LastMailToAsync(alice.Email);
            await arrange(app, alice);
            var answer = await elsewhere.SendAsync(HttpMethod.Post, $"/auth/{way}/login", way == "code" ? new { email = alice.Email, code = mail.Code } : (object)new { token = mail.Token }, withToken: false);
            Assert.Equal((way, expected.Replace("invalid", invalid, StringComparison.Ordinal)), (way, answer.Code is { } code ? $"{(int)answer.Status} {code}" : $"{(int)answer.Status}"));
            Assert.Equal(expected == "200", answer.Body.Contains("access_token", StringComparison.Ordinal));

            alice = await ReadyAsync(app);
            var browser = new PageActor(app);
            await browser.PostAsync($"/login/{way}/send", ("email", alice.Email));
            mail = await app.LastMailToAsync(alice.Email);
            await arrange(app, alice);
            var page = await browser.PostAsync($"/login/{way}", way == "code" ? ("code", mail.Code!) : ("token", mail.Token));
            Assert.Equal((way, expected == "200"), (way, await browser.IsSignedInAsync()));
            if (leads is not null)
            {
                Assert.Equal((way, leads), (way, page.Location));
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_01_A_mail_does_not_pass_the_session_limit(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        foreach (var way in new[] { "code", "link" })
        {
            var (alice, elsewhere) = (await ReadyAsync(app), app.NewActor("elsewhere"));
            (await elsewhere.PostAsync($"/auth/{way}/send", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
            var mail = await app.LastMailToAsync(alice.Email);
            (await elsewhere.SendAsync(HttpMethod.Post, $"/auth/{way}/login", way == "code" ? new { email = alice.Email, code = mail.Code } : (object)new { token = mail.Token }, withToken: false))
                .Expect(HttpStatusCode.Conflict, "session_active");
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        }
    }

    private static async Task<Actor> ReadyAsync(TestApp app) => await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
}
