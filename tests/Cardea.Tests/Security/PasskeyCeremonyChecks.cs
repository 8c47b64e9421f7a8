using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Cardea.Features.Passkeys;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>A challenge is for one ceremony, of one kind, of one person, within five minutes; and what is asked for tells nothing about anybody.</summary>
public sealed class PasskeyCeremonyChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_An_assertion_signs_in_once_and_its_challenge_is_nothing_to_another(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (_, phone) = await ReadyAsync(app);
        var options = await PasskeyHolder.OptionsAsync(app.NewActor());
        var credential = phone.Passkey.Get(options);
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), credential)).Expect(HttpStatusCode.OK);
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), credential)).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), phone.Passkey.Get(options))).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_Of_32_who_present_the_same_assertion_at_once_one_is_let_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (_, phone) = await ReadyAsync(app);
        var before = await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions");
        var credential = phone.Passkey.Get(await PasskeyHolder.OptionsAsync(app.NewActor())).ToJsonString();
        var answers = await Race.RunAsync(32, _ => app.NewActor().TrySignInByAsync("/auth/passkey/login", $$"""{"credential":{{credential}}}"""));
        Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status is not HttpStatusCode.OK), answer => answer.Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code));
        Assert.Equal(before + 1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_Of_32_who_present_the_same_registration_at_once_one_adds_a_passkey(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, _) = await ReadyAsync(app);
        var credential = new PasskeyHolder(app).Passkey.Create((await alice.PostAsync("/users/me/passkeys/options")).Json).ToJsonString();
        var answers = await Race.RunAsync(32, _ => alice.PostAsync("/users/me/passkeys", $$"""{"credential":{{credential}}}"""));
        Assert.Single(answers, answer => answer.Status is HttpStatusCode.Created);
        Assert.Equal(2, await app.Database.ScalarAsync<long>("SELECT count(*) FROM passkeys"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_A_challenge_lives_for_five_minutes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var creation = (await alice.PostAsync("/users/me/passkeys/options")).Json;
        var (early, late) = (await PasskeyHolder.OptionsAsync(alice), await PasskeyHolder.OptionsAsync(alice));
        app.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), phone.Passkey.Get(early))).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), phone.Passkey.Get(late))).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        (await alice.PostAsync("/users/me/passkeys", Body(new PasskeyHolder(app).Passkey.Create(creation)))).Expect(HttpStatusCode.BadRequest, PasskeysProblems.PasskeyRefused.Code);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_A_challenge_of_one_ceremony_or_person_is_nothing_to_another(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var (mallory, _) = await ReadyAsync(app);
        var creation = (await alice.PostAsync("/users/me/passkeys/options")).Json;
        var first = (await app.NewActor().TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);
        var other = (await app.NewActor().TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);
        var step = await PasskeyHolder.OptionsAsync(alice, first.Json.GetProperty("mfa_token").GetString());
        foreach (var wrong in new[] { creation, step, Made(new byte[64]), Made(new byte[32]), Made([]) })
        {
            (await PasskeyHolder.TrySignInAsync(app.NewActor(), phone.Passkey.Get(wrong))).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        }

        var signIn = await PasskeyHolder.OptionsAsync(alice);
        foreach (var (pending, wrong) in new[] { (other, step), (first, signIn), (first, creation) })
        {
            (await SecondStepAsync(pending, phone.Passkey.Get(wrong))).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
        }

        (await alice.PostAsync("/auth/reauthenticate", Body(phone.Passkey.Get(step)))).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
        var another = await (await ReadyAsync(app)).Alice.PostAsync("/users/me/passkeys/options");
        foreach (var wrong in new[] { signIn, step, another.Json })
        {
            var made = new PasskeyHolder(app).Passkey.Create(Merge(creation, wrong));
            (await alice.PostAsync("/users/me/passkeys", Body(made))).Expect(HttpStatusCode.BadRequest, PasskeysProblems.PasskeyRefused.Code);
        }

        (await mallory.PostAsync("/users/me/passkeys", Body(new PasskeyHolder(app).Passkey.Create(creation)))).Expect(HttpStatusCode.BadRequest, PasskeysProblems.PasskeyRefused.Code);
        (await SecondStepAsync(first, phone.Passkey.Get(step))).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/users/me/passkeys", Body(new PasskeyHolder(app).Passkey.Create(creation)))).Expect(HttpStatusCode.Created);

        async Task<Answer> SecondStepAsync(Answer pending, System.Text.Json.Nodes.JsonObject credential) => await app.NewActor().PostAsync(
            "/auth/login/mfa", $$"""{"mfa_token":"{{pending.Json.GetProperty("mfa_token").GetString()}}","method":"passkey","credential":{{credential.ToJsonString()}}}""");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_A_page_s_challenge_works_in_the_browser_that_was_given_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (_, phone) = await ReadyAsync(app);
        var (browser, other) = (new PageActor(app), new PageActor(app));
        async Task<string> AnswerAsync() => phone.Passkey.Get(JsonSerializer.Deserialize<JsonElement>((await browser.GetAsync(PasskeysPages.SignInOptionsPath)).Expect(HttpStatusCode.OK).Html)).ToJsonString();

        var credential = await AnswerAsync();
        await other.GetAsync(PasskeysPages.SignInOptionsPath); // has a binding of its own
        (await other.PostAsync(PasskeysPages.SignInPath, ("credential", credential))).Expect(HttpStatusCode.Unauthorized);
        (await app.NewActor().PostAsync("/auth/passkey/login", $$"""{"credential":{{credential}}}""")).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        Assert.Null(other.Session);
        Assert.Equal("/account/profile", (await browser.PostAsync(PasskeysPages.SignInPath, ("credential", credential), ("return_url", "/account/profile"))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.True(await browser.IsSignedInAsync());

        var overJson = phone.Passkey.Get(await PasskeyHolder.OptionsAsync(app.NewActor())).ToJsonString();
        (await other.PostAsync(PasskeysPages.SignInPath, ("credential", overJson))).Expect(HttpStatusCode.Unauthorized);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_01_Who_only_asks_fills_no_table_and_what_was_used_is_purged(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (_, phone) = await ReadyAsync(app);
        var used = await app.Database.ScalarAsync<long>("SELECT count(*) FROM webauthn_challenges");
        var challenges = new HashSet<string>();
        for (var i = 0; i < 50; i++)
        {
            challenges.Add((await PasskeyHolder.OptionsAsync(app.NewActor())).GetProperty("challenge").GetString()!);
        }

        Assert.Equal(50, challenges.Count);
        Assert.All(challenges, challenge => Assert.True(Base64Url.DecodeFromChars(challenge).Length >= 32));
        Assert.Equal(used, await app.Database.ScalarAsync<long>("SELECT count(*) FROM webauthn_challenges"));
        (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK);
        Assert.Equal(used + 1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM webauthn_challenges"));
        app.Clock.Advance(TimeSpan.FromMinutes(6) + Purge.MarksKeptFor);
        await app.PurgeAsync();
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM webauthn_challenges"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_05_PK_08_What_a_passkey_is_asked_for_looks_the_same_for_everybody(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var shapes = new List<string> { Shape(await PasskeyHolder.OptionsAsync(app.NewActor())) };
        var (alice, _) = await ReadyAsync(app);
        for (var call = 0; call < 3; call++)
        {
            shapes.Add(Shape(await PasskeyHolder.OptionsAsync(app.NewActor())));
            shapes.Add(Shape((await alice.PostAsync("/auth/passkey/options")).Expect(HttpStatusCode.OK).Json)); // with a bearer token, and without a body
        }

        Assert.Single(shapes.Distinct());
        Assert.Contains("\"allowCredentials\":[]", shapes[0], StringComparison.Ordinal);
        Assert.Contains("\"userVerification\":\"required\"", shapes[0], StringComparison.Ordinal);
        foreach (var login in new[] { alice.Email, "nobody@example.org" })
        {
            (await app.NewActor().PostAsync("/auth/passkey/options", new { email = login })).Expect(HttpStatusCode.BadRequest);
        }

        (await app.NewActor().PostAsync("/auth/passkey/options", new { mfa_token = new string('a', 43) })).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_08_What_lies_in_an_authenticator_says_nothing_of_the_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var (_, other) = await ReadyAsync(app);
        var handle = Encoding.UTF8.GetString(phone.Passkey.UserHandle);
        Assert.InRange(phone.Passkey.UserHandle.Length, 16, 64);
        Assert.NotEqual(phone.Passkey.UserHandle, other.Passkey.UserHandle);
        Assert.All([alice.Id!, alice.Email, alice.Name], known => Assert.DoesNotContain(known, handle, StringComparison.OrdinalIgnoreCase));
        var again = (await alice.PostAsync("/users/me/passkeys/options")).Json.GetProperty("user");
        Assert.Equal(phone.Passkey.UserHandle, Base64Url.DecodeFromChars(again.GetProperty("id").GetString())); // one account in the list, whatever the number of its passkeys
    }

    private static async Task<(Actor Alice, PasskeyHolder Phone)> ReadyAsync(TestApp app)
    {
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        return (alice, await PasskeyHolder.AddAsync(app, alice));
    }

    private static string Body(System.Text.Json.Nodes.JsonObject credential) => $$"""{"credential":{{credential.ToJsonString()}}}""";

    private static JsonElement Made(byte[] challenge) => JsonSerializer.SerializeToElement(new { challenge = SoftPasskey.Text(challenge) });

    /// <summary>Creation options with the challenge of others.</summary>
    private static JsonElement Merge(JsonElement creation, JsonElement other)
    {
        var options = System.Text.Json.Nodes.JsonObject.Create(creation)!;
        options["challenge"] = other.GetProperty("challenge").GetString();
        return JsonSerializer.SerializeToElement(options);
    }

    private static string Shape(JsonElement options)
    {
        var shape = System.Text.Json.Nodes.JsonObject.Create(options)!;
        shape["challenge"] = options.GetProperty("challenge").GetString()!.Length;
        return shape.ToJsonString();
    }
}
