using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Passkeys;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The issuing paths of passkeys, for <see cref="AllIssuingPaths"/>: whoever has one has a second factor, so they have people of their own.</summary>
public sealed class PasskeyIssuingChecks
{
    public static readonly string[] Pages = ["/login/passkey", "/account/security/passkeys"];

    public static readonly string[] Routes = ["/auth/passkey/login", "/auth/login/mfa", "/users/me/passkeys", "/login/second-step", .. Pages];

    /// <summary>What is then answered by a sign-in, by the second step of one, and by one that had to set a passkey up.</summary>
    private static readonly Dictionary<string, (Func<TestApp, Actor, Task> ArrangeAsync, string SignIn, string Step, string SetUp)> States = new()
    {
        ["fine"] = ((_, _) => Task.CompletedTask, "200", "200", "201"),
        ["disabled"] = ((app, alice) => app.DisableAsync(alice), "403 account_disabled", "403 account_disabled", "401 unauthorized"),
        ["deleted"] = (async (_, alice) => (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK), "401 invalid_passkey", "401 invalid_code", "401 unauthorized"),
        ["unverified"] = ((app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL"), "403 email_not_verified", "403 email_not_verified", "201 email_not_verified"),
        ["must change the password"] = (
            (app, alice) => app.ChangeAccountAsync(alice, "password_change_required = 1"), "403 password_change_required", "403 password_change_required", "201 password_change_required"),
        ["disabled and must change the password"] = (
            (app, alice) => app.ChangeAccountAsync(alice, "disabled_at = 1, password_change_required = 1"), "403 account_disabled", "403 account_disabled", "401 unauthorized"),
        // It can't be guessed, and so is never throttled: what somebody does to the password is nothing to it.
        ["throttled"] = (async (app, alice) =>
        {
            for (var guess = 0; guess < 12; guess++)
            {
                await app.NewActor().TrySignInAsync("guess " + guess, login: alice.Email);
            }
        }, "200", "200", "201"),
        ["signed out"] = (async (_, alice) => (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK), "200", "200", "201"),
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
    public async Task PE_01_BF_07_Every_path_of_a_passkey_asks_whether_the_account_may_have_a_token(Engine engine, string state)
    {
        await using var app = await TestApp.StartAsync(
            engine, ("SignUp:RequireVerifiedEmail", "true"), ("SignIn:RequireSecondFactor", "admins"), ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine"));
        var (arrange, signIn, step, setUp) = States[state];

        var (alice, phone) = await ReadyAsync(app);
        var elsewhere = app.NewActor();
        var credential = phone.Passkey.Get(await PasskeyHolder.OptionsAsync(elsewhere));
        await arrange(app, alice);
        Assert.Equal(signIn, Outcome(await PasskeyHolder.TrySignInAsync(elsewhere, credential)));

        (alice, phone) = await ReadyAsync(app);
        var browser = new PageActor(app);
        credential = phone.Passkey.Get(JsonSerializer.Deserialize<JsonElement>((await browser.GetAsync(PasskeysPages.SignInOptionsPath)).Html));
        await arrange(app, alice);
        var page = await browser.PostAsync(PasskeysPages.SignInPath, ("credential", credential.ToJsonString()));
        Assert.Equal(signIn == "200", await browser.IsSignedInAsync());
        Assert.Equal(signIn switch { "200" => "/dashboard", "403 password_change_required" => "/reset-password", _ => null }, page.Location);
        Assert.True(page.Location is not null || signIn.StartsWith($"{(int)page.Status} ", StringComparison.Ordinal), $"{(int)page.Status}");

        (alice, phone) = await ReadyAsync(app);
        var first = (await elsewhere.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var token = first.Json.GetProperty("mfa_token").GetString()!;
        var body = new JsonObject { ["mfa_token"] = token, ["method"] = "passkey", ["credential"] = phone.Passkey.Get(await PasskeyHolder.OptionsAsync(elsewhere, token)) };
        await arrange(app, alice);
        Assert.Equal(step, Outcome(await elsewhere.TrySignInByAsync("/auth/login/mfa", body)));

        alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        await app.MakeAdminAsync(alice);
        elsewhere.AccessToken = (await elsewhere.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_enrollment_required").Member("enrollment_token");
        var made = new PasskeyHolder(app).Passkey.Create((await elsewhere.PostAsync("/users/me/passkeys/options")).Expect(HttpStatusCode.OK).Json);
        await arrange(app, alice);
        var added = await elsewhere.PostAsync("/users/me/passkeys", $$"""{"credential":{{made.ToJsonString()}}}""");
        Assert.Equal(setUp, Outcome(added));
        Assert.Equal(setUp == "201", added.Body.Contains("access_token", StringComparison.Ordinal));
    }

    private static async Task<(Actor Alice, PasskeyHolder Phone)> ReadyAsync(TestApp app)
    {
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        return (alice, await PasskeyHolder.AddAsync(app, alice));
    }

    private static string Outcome(Answer answer)
    {
        var code = answer.Code ?? (answer.Status is HttpStatusCode.Created && answer.Json.TryGetProperty("next", out var next) ? next.GetProperty("code").GetString() : null);
        return code is null ? $"{(int)answer.Status}" : $"{(int)answer.Status} {code}";
    }
}
