using System.Net;
using Cardea.Features.Accounts;
using Cardea.Features.MagicLinks;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>
/// Every way to be given a token, and every reason not to be. Who adds a route that issues tokens must add it here: the first test finds it.
/// </summary>
public sealed partial class AllIssuingPaths
{
    private static readonly Path[] Paths =
    [
        new("password, e-mail", "/auth/login", (_, alice) => SignInAsync(alice, "email", alice.Email)),
        new("password, username", "/auth/login", (_, alice) => SignInAsync(alice, "username", alice.Username!)),
        new("password, login", "/auth/login", (_, alice) => SignInAsync(alice, "login", alice.Username!.ToUpperInvariant())),
        new("temporary password", "/auth/login", (_, alice) => SignInAsync(alice, "email", alice.Email, alice.Temporary)) { Fine = "403 password_change_required" },
        new("password, page", "/login", (app, alice) => SignInOnPageAsync(app, alice, alice.Password)),
        new("temporary password, page", "/login", (app, alice) => SignInOnPageAsync(app, alice, alice.Temporary)) { Fine = "403 password_change_required" },
        new("refresh", "/auth/refresh", async (app, alice) =>
        {
            await app.PassAsync(TimeSpan.FromSeconds(11)); // so that it is no repetition
            return await RefreshAsync(alice, alice.Newest);
        }),
        new("refresh within the grace window", "/auth/refresh", (_, alice) => RefreshAsync(alice, alice.Predecessor)),
        new("refresh replayed", "/auth/refresh", async (app, alice) =>
        {
            await app.PassAsync(TimeSpan.FromSeconds(11));
            return await RefreshAsync(alice, alice.Predecessor);
        }) { Fine = "401 invalid_token" },
        new("second step, authenticator app", "/auth/login/mfa", (_, alice) => alice.FinishAsync("totp", alice.Phone!.NextCode())) { Kind = Kind.Step },
        new("second step, recovery code", "/auth/login/mfa", (_, alice) => alice.FinishAsync("recovery_code", alice.Phone!.RecoveryCodes[0])) { Kind = Kind.Step },
        new("second step, page", "/login/second-step", (_, alice) => FinishOnPageAsync(alice, "/login/second-step", ("method", "totp"), ("code", alice.Phone!.NextCode()))) { Kind = Kind.Step },
        new("set-up at sign-in", "/users/me/totp/confirm", (_, alice) => alice.SetUpAsync()) { Kind = Kind.SetUp },
        new("set-up at sign-in, page", "/account/security/authenticator/confirm", (_, alice) => FinishOnPageAsync(alice, "/account/security/authenticator/confirm", ("code", alice.Phone!.NextCode()))) { Kind = Kind.SetUp },
        Mailed("mailed code", "/auth/code/login", "/auth/code/send", "401 invalid_code", alice => alice.Elsewhere.TryCodeAsync(alice.Proof, alice.Email)),
        Mailed("mailed code, page", "/login/code", "/login/code/send", "401 invalid_code", alice => FinishByMailAsync(alice, "/login/code", "code")),
        Mailed("mailed link", "/auth/link/login", "/auth/link/send", "401 invalid_token", alice => alice.Elsewhere.TryLinkAsync(alice.Proof)),
        Mailed("mailed link, page", "/login/link", "/login/link/send", "401 invalid_token", alice => FinishByMailAsync(alice, "/login/link", "token")),
        // The mailed second step needs a setting that changes all of the others: MailedSecondStepTests walks it.
    ];

    private enum Kind
    {
        SignIn,
        Refresh,

        /// <summary>The first proof came before the state, the second after it.</summary>
        Step,

        /// <summary>As <see cref="Step"/>, and the second proof is set up for it.</summary>
        SetUp,
    }

    /// <summary>What the account is, how that comes about, and what is then answered: by a sign-in, a refresh, the second step of a sign-in, and a set-up that it needs.</summary>
    private static readonly Dictionary<string, State> States = new()
    {
        ["fine"] = new((_, _) => Task.CompletedTask, "200", "200", "200", "200"),
        ["disabled"] = new((app, alice) => app.DisableAsync(alice), "403 account_disabled", "403 account_disabled", "403 account_disabled", "401 unauthorized"),
        ["deleted"] = new(async (_, alice) => (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK), "401 invalid_credentials", "401 invalid_token", "401 invalid_code", "401 unauthorized"),
        ["unverified"] = new((app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL"), "403 email_not_verified", "403 email_not_verified", "403 email_not_verified", "403 email_not_verified"),
        ["must change the password"] = new(
            (app, alice) => app.ChangeAccountAsync(alice, "password_change_required = 1"), "403 password_change_required", "403 password_change_required", "403 password_change_required", "403 password_change_required"),
        ["disabled, unverified and must change the password"] = new(
            (app, alice) => app.ChangeAccountAsync(alice, "disabled_at = 1, email_verified_at = NULL, password_change_required = 1"), "403 account_disabled", "403 account_disabled", "403 account_disabled", "401 unauthorized"),
        ["unverified and must change the password"] = new(
            (app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL, password_change_required = 1"), "403 email_not_verified", "403 email_not_verified", "403 email_not_verified", "403 email_not_verified"),
        // Who guesses must not end the owner's sessions: what was proved before lives on.
        ["throttled"] = new(ThrottleAsync, "429 too_many_requests", "200", "200", "200"),
        ["signed out"] = new(async (_, alice) => (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK), "200", "401 invalid_token", "200", "200"),
        // One password is no longer enough, for whichever sign-in; and a set-up that was begun before is overtaken.
        ["factor set up"] = new(async (app, alice) => await alice.HaveFactorAsync(app), "403 mfa_required", "200", "200", "401 unauthorized"),
        ["must set up a factor"] = new((app, alice) => app.MakeAdminAsync(alice), "403 mfa_enrollment_required", "200", "200", "200"),
        ["must set up a factor, and change the password"] = new(
            async (app, alice) =>
            {
                await app.MakeAdminAsync(alice);
                await app.ChangeAccountAsync(alice, "password_change_required = 1");
            }, "403 mfa_enrollment_required", "403 password_change_required", "403 password_change_required", "403 password_change_required"),
        ["has a new password"] = new(async (_, alice) => await alice.ChangePasswordAsync(), "401 invalid_credentials", "200", "401 invalid_code", "401 unauthorized"),
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

    [Fact]
    public async Task PE_01_Every_route_that_gives_out_tokens_is_in_the_table()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var issuing = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<IProducesResponseTypeMetadata>().Any(answer => answer.Type?.GetProperties().Any(member => member.Name is "AccessToken" or "RefreshToken" or "SessionToken") is true))
            .Select(route => route.RoutePattern.RawText!);
        // What a page gives is a cookie, and no answer's type tells of it.
        Assert.Equal(Paths.Select(path => path.Route).Concat(PasskeyIssuingChecks.Routes).Concat(ImpersonationChecks.Routes).Concat(ImpersonationChecks.Pages).Distinct().Order(), issuing.Concat(["/login", "/login/code", "/login/link", "/login/second-step", "/account/security/authenticator/confirm", .. PasskeyIssuingChecks.Pages, .. ImpersonationChecks.Pages]).Distinct().Order());
    }

    [Theory, MemberData(nameof(All))]
    public async Task PE_01_Every_path_asks_whether_the_account_may_have_a_token(Engine engine, string state)
    {
        await using var app = await TestApp.StartAsync(
            engine, ("SignUp:RequireVerifiedEmail", "true"), ("Recovery:Method", "temporary-password"), ("SignIn:RequireSecondFactor", "admins"),
            ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine")); // so that nobody here is the last administrator
        foreach (var path in Paths)
        {
            var alice = await Person.ReadyAsync(app);
            await alice.BeginAsync(app, path.Kind is Kind.Step, path.Kind is Kind.SetUp);
            await path.PrepareAsync(app, alice);
            await States[state].ArrangeAsync(app, alice);
            var sessions = await SessionsAsync(app, alice);
            var answer = await path.IssueAsync(app, alice);

            var expected = path.Expected(States[state]);
            Assert.True(expected == Outcome(answer), $"{path.Name}: expected {expected}, got {Outcome(answer)}: {answer.Body}");
            if (answer.Status is not HttpStatusCode.OK)
            {
                Assert.All(["access_token", "refresh_token", "eyJ"], word => Assert.DoesNotContain(word, answer.Body, StringComparison.Ordinal));
                Assert.True(await SessionsAsync(app, alice) <= sessions);
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_01_No_sign_in_passes_the_session_limit_and_a_refresh_needs_no_room(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"), ("Recovery:Method", "temporary-password"), ("SignIn:RequireSecondFactor", "admins"));
        foreach (var path in Paths)
        {
            var alice = await Person.ReadyAsync(app);
            await alice.BeginAsync(app, path.Kind is Kind.Step, path.Kind is Kind.SetUp);
            await path.PrepareAsync(app, alice);
            // The first factor ends the sessions that never proved it, and so makes room.
            var expected = path.Expected(new State(null!, "409 session_active", "200", "409 session_active", "200"));
            Assert.Equal((path.Name, expected), (path.Name, Outcome(await path.IssueAsync(app, alice))));
            Assert.True(await SessionsAsync(app, alice) <= 1);
        }
    }

    private static string Outcome(Answer answer) => answer.Code is { } code ? $"{(int)answer.Status} {code}" : $"{(int)answer.Status}";

    private static Task<long> SessionsAsync(TestApp app, Actor actor) => app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { actor.Id });

    private static Task<Answer> SignInAsync(Person alice, string field, string name, string? password = null) => alice.Elsewhere.SendAsync(
        HttpMethod.Post, "/auth/login", new Dictionary<string, string> { [field] = name, ["password"] = password ?? alice.Password }, withToken: false);

    /// <summary>
    /// What was mailed before the account became what it is. It is right whatever is guessed at the password, and it proves the address: of an account that
    /// nobody had proved the rest goes.
    /// </summary>
    private static Path Mailed(string name, string route, string ask, string unknown, Func<Person, Task<Answer>> finish) => new(name, route, (_, alice) => finish(alice))
    {
        PrepareAsync = (app, alice) => alice.AskAsync(app, ask),
        Says = expected => expected switch
        {
            "401 invalid_credentials" => unknown,
            "403 email_not_verified" or "429 too_many_requests" => "200",
            _ => expected,
        },
    };

    private static async Task<Answer> FinishByMailAsync(Person alice, string path, string field) => await ToldAsync(alice.Browser!, await alice.Browser!.PostAsync(path, (field, alice.Proof)));

    /// <summary>What the page did and showed, in the words of the JSON door.</summary>
    private static async Task<Answer> SignInOnPageAsync(TestApp app, Person alice, string password)
    {
        var browser = new PageActor(app);
        return await ToldAsync(browser, await browser.TrySignInAsync(alice, password));
    }

    private static async Task<Answer> ToldAsync(PageActor browser, Page page)
    {
        if (browser.Session is not null)
        {
            Assert.Equal("/dashboard", page.Expect(HttpStatusCode.SeeOther).Location);
            Assert.True(await browser.IsSignedInAsync());
            return new(HttpStatusCode.OK, "", page.Answer.Headers);
        }

        if (page.Location is "/login/second-step" or "/login/set-up")
        {
            (await browser.GetAsync(page.Location)).Expect(HttpStatusCode.OK);
            return new(HttpStatusCode.Forbidden, page.Location == "/login/set-up" ? """{"code":"mfa_enrollment_required"}""" : """{"code":"mfa_required"}""", page.Answer.Headers);
        }

        if (page.Status is HttpStatusCode.SeeOther)
        {
            var next = (await browser.GetAsync(page.Location!)).Expect(HttpStatusCode.OK);
            Assert.NotNull(next.ValueOf("password_again"));
            return new(HttpStatusCode.Forbidden, """{"code":"password_change_required"}""", page.Answer.Headers);
        }

        Assert.False(await browser.IsSignedInAsync());
        Assert.True(string.IsNullOrEmpty(page.ValueOf("password")));
        var shown = WebUtility.HtmlDecode(page.Html);
        var problem = Problems.Single(problem => problem.Status == (int)page.Status && shown.Contains(problem.Detail, StringComparison.Ordinal));
        return new(page.Status, $$"""{"code":"{{problem.Code}}"}""", page.Answer.Headers);
    }

    /// <summary>The last form of a sign-in that is half done, and where it leads.</summary>
    private static async Task<Answer> FinishOnPageAsync(Person alice, string path, params (string, string)[] fields)
    {
        var browser = alice.Browser!;
        var page = await browser.PostAsync(path, fields);
        string? told = null;
        if (page.Location == "/account/security/recovery-codes/new")
        {
            var codes = await browser.GetAsync(page.Location); // what stands in the way is said here, once
            (told, page) = (codes.Flash, await browser.PostAsync(page.Location + "/kept", codes.Token, []));
        }

        if (browser.Session is not null)
        {
            Assert.True(await browser.IsSignedInAsync());
            return new(HttpStatusCode.OK, "", page.Answer.Headers);
        }

        if (page.Status is HttpStatusCode.Conflict || page.Location == "/login/second-step")
        {
            Assert.NotNull((await browser.GetAsync("/login/second-step")).Expect(HttpStatusCode.OK));
            return new(HttpStatusCode.Conflict, """{"code":"session_active"}""", page.Answer.Headers);
        }

        if (page.Location == "/reset-password")
        {
            return new(HttpStatusCode.Forbidden, """{"code":"password_change_required"}""", page.Answer.Headers);
        }

        Assert.StartsWith("/login", page.Expect(HttpStatusCode.SeeOther).Location, StringComparison.Ordinal);
        told ??= (await browser.GetAsync("/login")).Flash;
        var problem = Problems.SingleOrDefault(problem => problem.Detail == told);
        // Void without a word more, as an unknown token is.
        return problem is not null ? new((HttpStatusCode)problem.Status, $$"""{"code":"{{problem.Code}}"}""", page.Answer.Headers)
            : new(HttpStatusCode.Unauthorized, told is null ? """{"code":"unauthorized"}""" : """{"code":"invalid_code"}""", page.Answer.Headers);
    }

    private static readonly Problem[] Problems =
        [AccountProblems.InvalidCredentials, AccountProblems.AccountDisabled, AccountProblems.EmailNotVerified, SignInProblems.SessionActive, CommonProblems.TooManyRequests, SecondStepsProblems.InvalidCode, MagicLinkSignIn.InvalidLink];

    private static Task<Answer> RefreshAsync(Person alice, string token) =>
        alice.Elsewhere.SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = token }, withToken: false);

    private static async Task ThrottleAsync(TestApp app, Person alice)
    {
        for (var guess = 0; guess < 10; guess++)
        {
            (await alice.Elsewhere.TrySignInAsync("guess " + guess, login: alice.Email)).Expect(HttpStatusCode.Unauthorized);
        }
    }

    private sealed record State(Func<TestApp, Person, Task> ArrangeAsync, string SignIn, string Refresh, string Step, string SetUp);

    private sealed record Path(string Name, string Route, Func<TestApp, Person, Task<Answer>> IssueAsync)
    {
        /// <summary>What a path that never ends in tokens answers where the others do.</summary>
        public string Fine { get; init; } = "200";

        /// <summary>What must be there before the account becomes what it is.</summary>
        public Func<TestApp, Person, Task> PrepareAsync { get; init; } = (_, _) => Task.CompletedTask;

        /// <summary>Where a proof says more or less than a password does.</summary>
        public Func<string, string> Says { get; init; } = expected => expected;

        public Kind Kind { get; init; } = Route == "/auth/refresh" ? Kind.Refresh : Kind.SignIn;

        public string Expected(State state)
        {
            var expected = Kind switch { Kind.Refresh => state.Refresh, Kind.Step => state.Step, Kind.SetUp => state.SetUp, _ => state.SignIn };
            return expected is "200" or "409 session_active" && Fine != "200" ? Fine : Says(expected);
        }
    }
}
