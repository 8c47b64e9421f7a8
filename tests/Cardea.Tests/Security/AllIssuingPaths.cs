using System.Net;
using Cardea.Features.Accounts;
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
public sealed class AllIssuingPaths
{
    private static readonly Path[] Paths =
    [
        new("password, e-mail", "/auth/login", (_, alice) => SignInAsync(alice, "email", alice.Email)),
        new("password, username", "/auth/login", (_, alice) => SignInAsync(alice, "username", alice.Username!)),
        new("password, login", "/auth/login", (_, alice) => SignInAsync(alice, "login", alice.Username!.ToUpperInvariant())),
        new("temporary password", "/auth/login", (_, alice) => SignInAsync(alice, "email", alice.Email, alice.Temporary)) { Fine = "403 password_change_required" },
        new("password, page", "/login", (app, alice) => SignInOnPageAsync(app, alice, alice.Password)),
        new("temporary password, page", "/login", (app, alice) => SignInOnPageAsync(app, alice, alice.Temporary)) { Fine = "403 password_change_required" },
        new("refresh", "/auth/refresh", (app, alice) =>
        {
            app.Clock.Advance(TimeSpan.FromSeconds(11)); // so that it is no repetition
            return RefreshAsync(alice, alice.Newest);
        }),
        new("refresh within the grace window", "/auth/refresh", (_, alice) => RefreshAsync(alice, alice.Predecessor)),
        new("refresh replayed", "/auth/refresh", (app, alice) =>
        {
            app.Clock.Advance(TimeSpan.FromSeconds(11));
            return RefreshAsync(alice, alice.Predecessor);
        }) { Fine = "401 invalid_token" },
    ];

    /// <summary>What the account is, how that comes about, and what is then answered: by a sign-in, and by a refresh.</summary>
    private static readonly Dictionary<string, State> States = new()
    {
        ["fine"] = new((_, _) => Task.CompletedTask, "200", "200"),
        ["disabled"] = new((app, alice) => app.DisableAsync(alice), "403 account_disabled", "403 account_disabled"),
        ["deleted"] = new(async (_, alice) => (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK), "401 invalid_credentials", "401 invalid_token"),
        ["unverified"] = new((app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL"), "403 email_not_verified", "403 email_not_verified"),
        ["must change the password"] = new((app, alice) => app.ChangeAccountAsync(alice, "password_change_required = 1"), "403 password_change_required", "403 password_change_required"),
        ["disabled, unverified and must change the password"] = new(
            (app, alice) => app.ChangeAccountAsync(alice, "disabled_at = 1, email_verified_at = NULL, password_change_required = 1"), "403 account_disabled", "403 account_disabled"),
        ["unverified and must change the password"] = new(
            (app, alice) => app.ChangeAccountAsync(alice, "email_verified_at = NULL, password_change_required = 1"), "403 email_not_verified", "403 email_not_verified"),
        // Who guesses must not end the owner's sessions: what was proved before lives on.
        ["throttled"] = new(ThrottleAsync, "429 too_many_requests", "200"),
        ["signed out"] = new(async (_, alice) => (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK), "200", "401 invalid_token"),
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
        Assert.Equal(Paths.Select(path => path.Route).Distinct().Order(), issuing.Append("/login").Distinct().Order());
    }

    [Theory, MemberData(nameof(All))]
    public async Task PE_01_Every_path_asks_whether_the_account_may_have_a_token(Engine engine, string state)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"), ("Recovery:Method", "temporary-password"));
        foreach (var path in Paths)
        {
            var alice = await Person.ReadyAsync(app);
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
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"), ("Recovery:Method", "temporary-password"));
        foreach (var path in Paths)
        {
            var alice = await Person.ReadyAsync(app);
            var expected = path.Expected(new State(null!, "409 session_active", "200"));
            Assert.Equal((path.Name, expected), (path.Name, Outcome(await path.IssueAsync(app, alice))));
            Assert.True(await SessionsAsync(app, alice) <= 1);
        }
    }

    private static string Outcome(Answer answer) => answer.Code is { } code ? $"{(int)answer.Status} {code}" : $"{(int)answer.Status}";

    private static Task<long> SessionsAsync(TestApp app, Actor actor) => app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { actor.Id });

    private static Task<Answer> SignInAsync(Person alice, string field, string name, string? password = null) => alice.Elsewhere.SendAsync(
        HttpMethod.Post, "/auth/login", new Dictionary<string, string> { [field] = name, ["password"] = password ?? alice.Password }, withToken: false);

    /// <summary>What the page did and showed, in the words of the JSON door.</summary>
    private static async Task<Answer> SignInOnPageAsync(TestApp app, Person alice, string password)
    {
        var browser = new PageActor(app);
        var page = await browser.TrySignInAsync(alice, password);
        if (browser.Session is not null)
        {
            Assert.Equal("/dashboard", page.Expect(HttpStatusCode.SeeOther).Location);
            Assert.True(await browser.IsSignedInAsync());
            return new(HttpStatusCode.OK, "", page.Answer.Headers);
        }

        if (page.Status is HttpStatusCode.SeeOther)
        {
            var next = (await browser.GetAsync(page.Location!)).Expect(HttpStatusCode.OK);
            Assert.NotNull(next.ValueOf("password_again"));
            return new(HttpStatusCode.Forbidden, """{"code":"password_change_required"}""", page.Answer.Headers);
        }

        Assert.False(await browser.IsSignedInAsync());
        Assert.Equal("", page.ValueOf("password"));
        var shown = WebUtility.HtmlDecode(page.Html);
        var problem = Problems.Single(problem => problem.Status == (int)page.Status && shown.Contains(problem.Detail, StringComparison.Ordinal));
        return new(page.Status, $$"""{"code":"{{problem.Code}}"}""", page.Answer.Headers);
    }

    private static readonly Problem[] Problems =
        [AccountProblems.InvalidCredentials, AccountProblems.AccountDisabled, AccountProblems.EmailNotVerified, SignInProblems.SessionActive, CommonProblems.TooManyRequests];

    private static Task<Answer> RefreshAsync(Person alice, string token) =>
        alice.Elsewhere.SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = token }, withToken: false);

    private static async Task ThrottleAsync(TestApp app, Person alice)
    {
        for (var guess = 0; guess < 10; guess++)
        {
            (await alice.Elsewhere.TrySignInAsync("guess " + guess, login: alice.Email)).Expect(HttpStatusCode.Unauthorized);
        }
    }

    private sealed record State(Func<TestApp, Person, Task> ArrangeAsync, string SignIn, string Refresh);

    private sealed record Path(string Name, string Route, Func<TestApp, Person, Task<Answer>> IssueAsync)
    {
        /// <summary>What a path that never ends in tokens answers where the others do.</summary>
        public string Fine { get; init; } = "200";

        public string Expected(State state)
        {
            var expected = Route == "/auth/refresh" ? state.Refresh : state.SignIn;
            return expected is "200" or "409 session_active" && Fine != "200" ? Fine : expected;
        }
    }

    /// <summary>Somebody with everything that could be exchanged for a token.</summary>
    private sealed class Person
    {
        private readonly Actor _actor;

        private Person(TestApp app, Actor actor) => (_actor, Elsewhere) = (actor, app.NewActor("elsewhere"));

        public string Email => _actor.Email;

        public string? Username => _actor.Username;

        public string Password => _actor.Password;

        public string Temporary { get; private set; } = "";

        public string Predecessor { get; private set; } = "";

        public string Newest => _actor.RefreshToken!;

        /// <summary>A client that the account has never been signed in from.</summary>
        public Actor Elsewhere { get; }

        public static implicit operator Actor(Person person) => person._actor;

        public Task<Answer> PostAsync(string path) => _actor.PostAsync(path);

        public Task<Answer> DeleteAsync(string path, object body) => _actor.DeleteAsync(path, body);

        public static async Task<Person> ReadyAsync(TestApp app)
        {
            var actor = app.NewActor("alice");
            actor.Username = "the-" + actor.Name;
            await (await actor.SignUpAsync()).VerifyAsync();
            await actor.SignInAsync();
            var person = new Person(app, actor);
            (await actor.PostAsync("/password/forgot", new { email = actor.Email })).Expect(HttpStatusCode.Accepted);
            var mail = await app.LastMailToAsync(actor.Email);
            person.Temporary = System.Text.RegularExpressions.Regex.Match(mail.Text, "[a-z1-9]{4}(-[a-z1-9]{4}){3}").Value;
            Assert.NotEmpty(person.Temporary);
            person.Predecessor = actor.RefreshToken!;
            (await actor.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            return person;
        }
    }
}
