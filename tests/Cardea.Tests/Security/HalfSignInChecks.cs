using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Between the first proof and the second nothing answers but the second step.</summary>
public sealed class HalfSignInChecks
{
    /// <summary>What a sign-in that must set up a factor may call: what sets one up, and nothing beside it.</summary>
    private static bool SetsUpAFactor(string path) => path is "/users/me/totp" or "/users/me/totp/confirm" or "/users/me/passkeys/options" or "/users/me/passkeys";

    [Theory, OnSqlite("mfa_token"), OnSqlite("enrollment_token"), OnPostgres("mfa_token"), OnPostgres("enrollment_token")]
    public async Task MF_04_No_door_of_the_document_takes_a_half_finished_sign_in_for_a_token(Engine engine, string kind)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "admins"), Stranger.Believed);
        var (alice, token) = await HalfwayAsync(app, kind);
        using var stranger = new Stranger(app);
        var document = (await alice.SendAsync(HttpMethod.Get, "/openapi/v1.json", withToken: false)).Expect(HttpStatusCode.OK).Json;
        var routes = JsonRoute.All(app).ToDictionary(route => (route.Method, route.Path));
        var called = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(operation => operation.Name is "get" or "post" or "patch" or "put" or "delete"))
            {
                var (method, address) = (operation.Name.ToUpperInvariant(), path.Name.Replace("{id}", new string('0', 32), StringComparison.Ordinal).Replace("{name}", "nothing", StringComparison.Ordinal));
                var asks = operation.Value.TryGetProperty("security", out var security) && security.EnumerateArray().Any(one => one.TryGetProperty("bearer", out _));
                var body = routes[(method, address)].Example?.ToJsonString();
                var answer = await stranger.SendAsync(method, address, body, token);
                called++;
                if (kind == "enrollment_token" && SetsUpAFactor(path.Name) && method == "POST")
                {
                    Assert.NotEqual("unauthorized", answer.Code);
                    continue;
                }

                Assert.True(!asks || (answer.Status is HttpStatusCode.Unauthorized && answer.Code == "unauthorized"), $"{method} {address}: {(int)answer.Status} {answer.Body}");
                // What anybody may call tells the bearer no more than it tells anybody.
                Assert.All([alice.Id!, alice.Email], word => Assert.DoesNotContain(word, answer.Body, StringComparison.Ordinal));
            }
        }

        Assert.True(called > 25, $"Only {called} operations were called.");
        foreach (var member in new[] { "refresh_token", "token" })
        {
            (await stranger.SendAsync("POST", "/auth/refresh", JsonSerializer.Serialize(new Dictionary<string, string> { [member] = token }))).Expect(member == "token" ? HttpStatusCode.BadRequest : HttpStatusCode.Unauthorized);
        }

        (await stranger.SendAsync("POST", "/password/reset", JsonSerializer.Serialize(new { token, password = "brass otter window seven" }))).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await stranger.SendAsync("POST", "/verify/confirm", JsonSerializer.Serialize(new { token }))).Expect(HttpStatusCode.BadRequest, "invalid_token");
        if (kind == "enrollment_token")
        {
            (await stranger.SendAsync("POST", "/auth/login/mfa", JsonSerializer.Serialize(new { mfa_token = token, method = "totp", code = "000000" }))).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        await StillOutsideAsync(app, alice);
    }

    [Theory, OnSqlite("mfa_token"), OnSqlite("enrollment_token"), OnPostgres("mfa_token"), OnPostgres("enrollment_token")]
    public async Task MF_04_No_page_takes_it_for_a_session(Engine engine, string kind)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "admins"));
        var (alice, token) = await HalfwayAsync(app, kind);
        var browser = new PageActor(app);
        var first = (await browser.TrySignInAsync(alice)).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(kind == "mfa_token" ? "/login/second-step" : "/login/set-up", first.Location);
        foreach (var cookie in first.SetCookies.Where(cookie => !cookie.IsRemoval).ToList())
        {
            browser.Cookies.TryAdd("cardea", cookie.Value); // perhaps the sealed value opens more elsewhere
        }

        var form = await browser.TokenAsync();
        var pages = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<PageAccess>().Any(access => access is PageAccess.SignedIn or PageAccess.RecentlySignedIn or PageAccess.Enrolling)).ToList();
        Assert.True(pages.Count > 15);
        foreach (var route in pages)
        {
            var (path, isEnrolling) = (route.RoutePattern.RawText!, route.Metadata.OfType<PageAccess>().Contains(PageAccess.Enrolling));
            var isForm = route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("POST");
            var page = isForm ? await browser.PostAsync(path, form, [("password", alice.Password), ("code", "000000")]) : await browser.GetAsync(path);
            if (kind == "enrollment_token" && isEnrolling)
            {
                Assert.DoesNotContain("/login?return_url", page.Location ?? "", StringComparison.Ordinal);
            }
            else
            {
                Assert.DoesNotContain(alice.Email, page.Html, StringComparison.Ordinal);
                Assert.True(page.Status is HttpStatusCode.SeeOther && page.Location!.StartsWith("/login", StringComparison.Ordinal), $"{path}: {(int)page.Status} {page.Location} {page.Html}");
            }
        }

        var raw = new PageActor(app);
        raw.Cookies["cardea"] = token;
        Assert.False(await raw.IsSignedInAsync());
        await StillOutsideAsync(app, alice);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_04_An_enrollment_token_is_void_once_used_or_overtaken(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var (first, second) = (await EnrolAsync(app, alice), await EnrolAsync(app, alice));

        // Two sign-ins at once: the secret that one was shown is not confirmed by the other, and the last to begin holds the place.
        var mine = new Authenticator(app, (await first.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created).Member("secret")!);
        (await second.PostAsync("/users/me/totp/confirm", new { code = mine.NextCode() })).Expect(HttpStatusCode.Conflict, "totp_not_begun");
        (await first.PostAsync("/users/me/totp/confirm", new { code = "000000" })).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await first.PostAsync("/users/me/totp/confirm", new { code = mine.NextCode() })).Expect(HttpStatusCode.OK);
        foreach (var late in new[] { first, second })
        {
            (await late.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
            (await late.PostAsync("/users/me/totp/confirm", new { code = mine.NextCode() })).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        }

        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM pending_sign_ins"));

        var bob = await app.NewActor("bob").SignUpAsync();
        var disabled = await EnrolAsync(app, bob);
        await app.DisableAsync(bob);
        (await disabled.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        var carol = await app.NewActor("carol").SignUpAsync();
        var expired = await EnrolAsync(app, carol);
        app.Clock.Advance(TimeSpan.FromMinutes(10));
        (await expired.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_04_What_stands_in_the_way_after_a_set_up_is_said_beside_the_codes_and_can_be_mended(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"), ("Recovery:Method", "temporary-password"));
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var enrolling = await EnrolAsync(app, alice, (await app.LastMailToAsync(alice.Email)).Code);
        var phone = new Authenticator(app, (await enrolling.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created).Member("secret")!);
        var done = (await enrolling.PostAsync("/users/me/totp/confirm", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(10, done.GetProperty("recovery_codes").GetArrayLength());
        Assert.False(done.TryGetProperty("access_token", out _));
        var next = done.GetProperty("next");
        Assert.Equal("password_change_required", next.GetProperty("code").GetString());
        (await alice.PostAsync("/password/reset", new { token = next.GetProperty("password_change_token").GetString(), password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync("brass otter window seven")).Expect(HttpStatusCode.Forbidden, "mfa_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RE_12_At_most_twenty_sign_ins_of_one_account_wait_and_the_oldest_goes_first(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var other = await SecondStepPagesTests.WithAppAsync(app);
        var bystander = await FactorGuessChecks.FirstStepAsync(other.Alice);
        var oldest = await FactorGuessChecks.FirstStepAsync(alice);
        await Race.RunAsync(16, async _ => await FactorGuessChecks.FirstStepAsync(app.NewActor().As(alice)));
        var newer = new List<Answer>();
        for (var number = 0; number < 20; number++)
        {
            newer.Add(await FactorGuessChecks.FirstStepAsync(alice));
        }

        Assert.Equal(20, await app.Database.ScalarAsync<long>("SELECT count(*) FROM pending_sign_ins WHERE account_id = @Id", new { alice.Id }));
        (await alice.TrySecondStepAsync(oldest, "totp", phone.NextCode())).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await alice.TrySecondStepAsync(newer[0], "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        (await other.Alice.TrySecondStepAsync(bystander, "totp", other.Phone.NextCode())).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await app.PurgeAsync();
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM pending_sign_ins"));
    }

    /// <summary>Somebody whose password was right, and what they were given for it.</summary>
    private static async Task<(Actor Alice, string Token)> HalfwayAsync(TestApp app, string kind)
    {
        var alice = await app.NewActor("alice").SignUpAsync();
        if (kind == "mfa_token")
        {
            await Authenticator.SetUpAsync(app, await alice.SignInAsync());
            await app.Database.ExecuteAsync("DELETE FROM sessions");
        }
        else
        {
            await app.MakeAdminAsync(alice);
        }

        alice.AccessToken = null;
        return (alice, (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden).Member(kind)!);
    }

    private static async Task<Actor> EnrolAsync(TestApp app, Actor owner, string? password = null)
    {
        var enrolling = app.NewActor("enrolling").As(owner);
        enrolling.AccessToken = (await enrolling.TrySignInAsync(password)).Expect(HttpStatusCode.Forbidden, "mfa_enrollment_required").Member("enrollment_token");
        return enrolling;
    }

    private static async Task StillOutsideAsync(TestApp app, Actor alice)
    {
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { alice.Id }));
        Assert.Equal(alice.Email, await app.Database.ScalarAsync<string>("SELECT email FROM accounts WHERE id = @Id", new { alice.Id }));
    }
}
