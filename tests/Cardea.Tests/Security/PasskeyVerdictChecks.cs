using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Passkeys;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Whatever is not exactly right about a passkey's answer refuses it, by the same words.</summary>
public sealed class PasskeyVerdictChecks
{
    private static readonly string[] ForeignOrigins =
        ["https://evil.example", "http://127.0.0.1", "http://localhost:1", "HTTP://127.0.0.1:{port}", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}.evil.example", "https://127.0.0.1:{port}", "null", ""];

    /// <summary>Changes to an authenticator's answer that its own key then signs.</summary>
    private static Dictionary<string, Action<SoftPasskey>> Signed(TestApp app) => new(ForeignOrigins.ToDictionary(
        origin => "origin " + origin, Action<SoftPasskey> (origin) => passkey => passkey.Origin = origin.Replace("{port}", $"{app.Address.Port}", StringComparison.Ordinal)))
    {
        ["another challenge"] = passkey => passkey.ClientData["challenge"] = SoftPasskey.Text(RandomNumberGenerator.GetBytes(64)),
        ["no challenge"] = passkey => passkey.ClientData["challenge"] = null,
        ["no type"] = passkey => passkey.ClientData["type"] = null,
        ["another type"] = passkey => passkey.ClientData["type"] = "webauthn.other",
        ["another site in between"] = passkey => passkey.ClientData["crossOrigin"] = true,
        ["another site on top"] = passkey => passkey.ClientData["topOrigin"] = "https://evil.example",
        ["the same site on top"] = passkey => passkey.ClientData["topOrigin"] = passkey.Origin,
        ["another relying party"] = passkey => passkey.RpId = "evil.example",
        ["nobody present"] = passkey => passkey.Flags = SoftPasskey.Verified,
        ["backed up and not eligible"] = passkey => passkey.Flags |= SoftPasskey.BackedUp,
    };

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_02_PK_03_PK_05_An_assertion_that_is_wrong_in_one_thing_signs_nobody_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var (_, other) = await ReadyAsync(app);
        var tries = new Dictionary<string, JsonObject>();
        foreach (var (name, change) in Signed(app).Append(new("nobody verified", passkey => passkey.Flags = SoftPasskey.Present)).Append(new("eligible all at once", passkey => passkey.Flags |= SoftPasskey.BackupEligible))
            .Append(new("a registration's type", passkey => passkey.ClientData["type"] = "webauthn.create")))
        {
            tries[name] = await AnswerAsync(phone.Passkey, change);
        }

        foreach (var (name, change) in new Dictionary<string, Action<JsonObject>>
        {
            ["a wrong signature"] = one => Flip(one, "signature"),
            ["an empty signature"] = one => one["response"]!["signature"] = "",
            ["no signature"] = one => one["response"]!.AsObject().Remove("signature"),
            ["a signature of zeros"] = one => one["response"]!["signature"] = SoftPasskey.Text([0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]),
            ["another's signature"] = one => one["response"]!["signature"] = other.Passkey.Get(JsonSerializer.SerializeToElement(new { challenge = "AAAA" }))["response"]!["signature"]!.GetValue<string>(),
            ["other client data than was signed"] = one => one["response"]!["clientDataJSON"] = SoftPasskey.Text([.. Bytes(one, "clientDataJSON"), (byte)' ']),
            ["other authenticator data than was signed"] = one => Flip(one, "authenticatorData"),
            ["no authenticator data"] = one => one["response"]!["authenticatorData"] = "",
            ["short authenticator data"] = one => one["response"]!["authenticatorData"] = SoftPasskey.Text(Bytes(one, "authenticatorData")[..36]),
            ["another id and raw id"] = one => one["id"] = SoftPasskey.Text(other.Passkey.Id),
            ["another raw id"] = one => one["rawId"] = SoftPasskey.Text(other.Passkey.Id),
            ["another's id"] = one => Name(one, SoftPasskey.Text(other.Passkey.Id)),
            ["another's id and handle"] = one =>
            {
                Name(one, SoftPasskey.Text(other.Passkey.Id));
                one["response"]!["userHandle"] = SoftPasskey.Text(other.Passkey.UserHandle);
            },
            ["another's handle"] = one => one["response"]!["userHandle"] = SoftPasskey.Text(other.Passkey.UserHandle),
            ["no handle"] = one => one["response"]!.AsObject().Remove("userHandle"),
            ["an empty handle"] = one => one["response"]!["userHandle"] = "",
            ["an unknown id"] = one => Name(one, SoftPasskey.Text(RandomNumberGenerator.GetBytes(32))),
            ["an empty id"] = one => Name(one, ""),
            ["a second spelling of the id"] = one => Name(one, one["id"]!.GetValue<string>() + "="),
            ["another type of credential"] = one => one["type"] = "password",
            ["no response"] = one => one.Remove("response"),
            ["a number for an id"] = one => one["id"] = 1,
            ["nothing"] = one => one.Clear(),
        })
        {
            change(tries[name] = await AnswerAsync(phone.Passkey, _ => { }));
        }

        var sessions = await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions");
        var refusals = new HashSet<string>();
        foreach (var (name, credential) in tries)
        {
            var answer = await PasskeyHolder.TrySignInAsync(app.NewActor(), credential);
            Assert.True(answer.Status is HttpStatusCode.Unauthorized, $"{name}: {(int)answer.Status} {answer.Body}");
            refusals.Add(answer.Body);
        }

        Assert.Single(refusals);
        Assert.Equal(sessions, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK);
        foreach (var body in new[] { "{}", """{"credential":null}""", """{"credential":"x"}""", """{"credential":[]}""" })
        {
            (await app.NewActor().PostAsync("/auth/passkey/login", body)).Expect(HttpStatusCode.BadRequest, CommonProblems.ValidationFailed.Code);
        }

        async Task<JsonObject> AnswerAsync(SoftPasskey passkey, Action<SoftPasskey> change)
        {
            var options = await PasskeyHolder.OptionsAsync(alice);
            var (flags, rpId, origin) = (passkey.Flags, passkey.RpId, passkey.Origin);
            change(passkey);
            var answer = passkey.Get(options);
            (passkey.Flags, passkey.RpId, passkey.Origin) = (flags, rpId, origin);
            passkey.ClientData.Clear();
            return answer;
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_02_PK_04_PK_05_A_registration_that_is_wrong_in_one_thing_adds_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var (_, other) = await ReadyAsync(app);
        var tries = Signed(app);
        tries["a sign-in's type"] = passkey => passkey.ClientData["type"] = "webauthn.get";
        tries["a credential that somebody else has"] = passkey => passkey.Id = other.Passkey.Id;
        tries["a credential that is there"] = passkey => passkey.Id = phone.Passkey.Id;
        tries["a credential id of 1024 bytes"] = passkey => passkey.Id = new byte[1024];
        tries["no credential id"] = passkey => passkey.Id = [];
        foreach (var algorithm in new[] { -8, -47, -65535, -257, -37, -35, -36, 0, 4, 11 })
        {
            tries[$"algorithm {algorithm} of a P-256 key"] = passkey => passkey.Algorithm = algorithm;
        }

        var before = await app.DumpAsync();
        foreach (var (name, change) in tries)
        {
            var made = new PasskeyHolder(app);
            change(made.Passkey);
            var answer = await made.TryAddAsync(alice);
            Assert.True(answer.Status is HttpStatusCode.BadRequest && answer.Code == PasskeysProblems.PasskeyRefused.Code, $"{name}: {(int)answer.Status} {answer.Body}");
        }

        Assert.Equal(Passkeys(before), Passkeys(await app.DumpAsync()));
        (await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.Id = new byte[1023])).Passkey.SignCount = 0;
        foreach (var body in new[] { "{}", """{"credential":1}""" })
        {
            (await alice.PostAsync("/users/me/passkeys", body)).Expect(HttpStatusCode.BadRequest, CommonProblems.ValidationFailed.Code);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_06_A_counter_that_does_not_go_up_is_refused_and_remembered(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var key = (await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.SignCount = 5)).Passkey;
        var expected = 0;
        foreach (var (count, isTaken) in new[] { (5u, false), (6u, true), (6u, false), (4u, false), (0u, false), (uint.MaxValue, true), (7u, false) })
        {
            key.SignCount = count;
            var answer = await PasskeyHolder.TrySignInAsync(app.NewActor(), key.Get(await PasskeyHolder.OptionsAsync(alice)));
            answer.Expect(isTaken ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
            expected += isTaken ? 0 : 1;
            Assert.Equal(expected, await CopiesAsync());
        }

        var first = (await app.NewActor().TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden);
        var token = first.Json.GetProperty("mfa_token").GetString();
        (await app.NewActor().PostAsync("/auth/login/mfa", $$"""{"mfa_token":"{{token}}","method":"passkey","credential":{{key.Get(await PasskeyHolder.OptionsAsync(alice, token)).ToJsonString()}}}"""))
            .Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
        Assert.Equal(expected + 1, await CopiesAsync());

        var stored = key.Get(await PasskeyHolder.OptionsAsync(alice));
        Flip(stored, "signature"); // who can't sign is no copy
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), stored)).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(expected + 1, await CopiesAsync());

        Task<long> CopiesAsync() => app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE event = 'passkey.copied'");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_03_A_key_that_never_verified_its_owner_is_a_second_step_and_no_sign_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var key = await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.Flags = SoftPasskey.Present);
        (await key.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        key.Passkey.Flags |= SoftPasskey.Verified; // by a PIN that its finder has set
        (await key.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        (await key.TrySecondStepAsync(alice, (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden))).Expect(HttpStatusCode.OK);
        (await key.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK); // beside the password it has verified its owner
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_07_Passkeys_come_and_go_after_a_recent_sign_in_and_nobody_removes_their_last_way_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var (mallory, _) = await ReadyAsync(app);
        foreach (var id in new[] { phone.Id, "none", new string('0', 32) })
        {
            (await mallory.PatchAsync("/users/me/passkeys/" + id, new { name = "Mine" })).Expect(HttpStatusCode.NotFound);
            (await mallory.DeleteAsync("/users/me/passkeys/" + id)).Expect(HttpStatusCode.NotFound);
        }

        await app.ChangeAccountAsync(alice, "password_hash = NULL");
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.Conflict, PasskeysProblems.LastSignInMethod.Code);
        var key = await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.Flags = SoftPasskey.Present);
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.Conflict, PasskeysProblems.LastSignInMethod.Code); // the other lets nobody in
        (await alice.DeleteAsync("/users/me/passkeys/" + key.Id)).Expect(HttpStatusCode.OK);
        var second = await PasskeyHolder.AddAsync(app, alice);
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.OK);

        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        foreach (var answer in new[]
        {
            await alice.PostAsync("/users/me/passkeys/options"), await alice.PostAsync("/users/me/passkeys", "{}"), await alice.PatchAsync("/users/me/passkeys/" + second.Id, new { name = "x" }),
            await alice.DeleteAsync("/users/me/passkeys/" + second.Id),
        })
        {
            answer.Expect(HttpStatusCode.Forbidden, SecondStepsProblems.ReauthenticationRequired.Code);
        }

        (await alice.GetAsync("/users/me/passkeys")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PK_04_There_are_only_so_many_passkeys_of_one_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, _) = await ReadyAsync(app);
        var creation = (await alice.PostAsync("/users/me/passkeys/options")).Json;
        for (var i = 1; i < PasskeyEnrolment.Most; i++)
        {
            await PasskeyHolder.AddAsync(app, alice);
        }

        (await alice.PostAsync("/users/me/passkeys/options")).Expect(HttpStatusCode.Conflict, PasskeysProblems.TooManyPasskeys.Code);
        (await alice.PostAsync("/users/me/passkeys", $$"""{"credential":{{new PasskeyHolder(app).Passkey.Create(creation).ToJsonString()}}}""")).Expect(HttpStatusCode.Conflict, PasskeysProblems.TooManyPasskeys.Code);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_05_While_somebody_tries_passwords_the_owner_gets_in_with_a_passkey(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await ReadyAsync(app);
        var mallory = app.NewActor("mallory");
        for (var guess = 0; guess < 12; guess++)
        {
            await mallory.TrySignInAsync("guess " + guess, login: alice.Email);
        }

        (await mallory.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);
        (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    private static async Task<(Actor Alice, PasskeyHolder Phone)> ReadyAsync(TestApp app)
    {
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        return (alice, await PasskeyHolder.AddAsync(app, alice));
    }

    private static byte[] Bytes(JsonObject credential, string member) => System.Buffers.Text.Base64Url.DecodeFromChars(credential["response"]![member]!.GetValue<string>());

    private static void Name(JsonObject credential, string id)
    {
        credential["id"] = id;
        credential["rawId"] = id;
    }

    private static void Flip(JsonObject credential, string member)
    {
        var bytes = Bytes(credential, member);
        bytes[^3] ^= 0x10;
        credential["response"]![member] = SoftPasskey.Text(bytes);
    }

    private static IEnumerable<string> Passkeys(string dump) => dump.Split('\n').Where(line => line.StartsWith("passkeys.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
