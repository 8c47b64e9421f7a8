using System.Net;
using System.Reflection;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class AuEventTests
{
    private const string NewPassword = "copper window bridge seven";

    private static readonly (string, string)[] Settings =
    [
        ("SignUp:RequireVerifiedEmail", "true"), ("SignUp:ConcealExistingAccounts", "true"), ("Sessions:MaxPerAccount", "2"), ("Recovery:Method", "temporary-password"),
        ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine"),
        ("Admin:Impersonation", "true"),
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Everything_that_happens_leaves_exactly_one_row_that_says_who_what_when_and_from_where(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Settings);
        var (alice, second, third) = (app.NewActor("alice"), app.NewActor(), app.NewActor());
        (second.Email, third.Email) = (alice.Email, alice.Email);

        async Task<Answer> SaysAsync(Task<Answer> asked, params string[] events)
        {
            var before = app.Clock.GetUtcNow();
            var answer = await asked;
            var rows = await app.Database.QueryAsync<AuditEvent>(
                "SELECT id AS Id, event AS Event, at AS At, account_id AS AccountId, session_id AS SessionId, address AS Address, user_agent AS UserAgent, request_id AS RequestId FROM audit_events WHERE request_id = @id",
                new { id = answer.Header("X-Request-Id") });
            Assert.True(events.Order().SequenceEqual(rows.Select(row => row.Event).Order()), $"{string.Join(", ", events)} expected; {string.Join(", ", rows.Select(row => row.Event))} found after {answer.Body}");
            var isDeletion = events is ["account.deleted"];
            Assert.All(rows, row =>
            {
                Assert.Equal(alice.Id ?? row.AccountId, row.AccountId);
                Assert.NotNull(row.AccountId);
                Assert.Equal(isDeletion ? "" : "127.0.0.1", row.Address);
                Assert.StartsWith(isDeletion ? "" : "cardea-tests/", row.UserAgent, StringComparison.Ordinal);
                Assert.InRange(row.At, before.AddSeconds(-60).ToUnixTimeMilliseconds(), app.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            });
            return answer;
        }

        await SaysAsync(alice.TrySignUpAsync(), "account.signed_up");
        await SaysAsync(alice.TrySignUpAsync(), "account.sign_up_taken");
        await SaysAsync(alice.TrySignInAsync(), "sign_in.refused");
        var proof = (await app.MailsToAsync(alice.Email)).First(mail => mail.Code is not null);
        await SaysAsync(alice.PostAsync("/verify/confirm", new { token = proof.Token }), "account.email_verified");
        await SaysAsync(alice.TrySignInAsync("not the password at all"), "sign_in.failed");
        await SaysAsync(alice.TrySignInAsync(), "sign_in.succeeded");
        await SaysAsync(second.TrySignInAsync(), "sign_in.succeeded");
        await SaysAsync(third.TrySignInAsync(), "sign_in.refused");
        await SaysAsync(third.TrySignInAsync(replace: true), "session.replaced", "sign_in.succeeded");
        await SaysAsync(third.DeleteAsync("/sessions/" + second.SessionId), "session.ended");
        await SaysAsync(third.DeleteAsync("/sessions"), "session.others_ended");
        await SaysAsync(third.PatchAsync("/users/me", new { given_name = "Alice" }), "account.profile_changed");
        alice.Email = "new-" + alice.Email;
        await SaysAsync(third.PatchAsync("/users/me", new { email = alice.Email }), "account.email_change_asked");
        await SaysAsync(third.PostAsync("/verify/confirm", new { token = (await app.LastMailToAsync(alice.Email)).Token }), "account.email_changed");
        await SaysAsync(third.GetAsync("/users/me/export"), "account.exported");
        await SaysAsync(third.PostAsync("/password/change", new { current_password = "not the password at all", new_password = NewPassword }), "password.current_wrong");
        await SaysAsync(third.PostAsync("/password/change", new { current_password = third.Password, new_password = NewPassword }), "password.changed");

        var used = third.RefreshToken;
        (await third.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await third.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        await SaysAsync(third.TryRefreshAsync(used), "token.refresh_reused");

        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var temporary = (await app.LastMailToAsync(alice.Email)).Code!;
        Assert.Equal([alice.Id!], await app.Database.QueryAsync<string>("SELECT account_id FROM audit_events WHERE event = 'password.reset_asked'"));
        var due = await SaysAsync(alice.TrySignInAsync(temporary), "password.temporary_used", "sign_in.refused");
        await SaysAsync(alice.PostAsync("/password/reset", new { token = due.Member("password_change_token"), password = alice.Password }), "password.reset");

        Answer guess;
        while ((guess = await app.NewActor().TrySignInAsync("not the password at all", login: alice.Email)).Status == HttpStatusCode.Unauthorized)
        {
        }

        await SaysAsync(Task.FromResult(guess.Expect(HttpStatusCode.TooManyRequests)), "sign_in.throttled");
        foreach (var (path, kind) in new[] { ("/password/reset", "password.reset_throttled"), ("/verify/confirm", "account.verification_throttled") })
        {
            object body = path == "/password/reset" ? new { email = alice.Email, code = "123456", password = NewPassword } : new { email = alice.Email, code = "123456" };
            while ((guess = await app.NewActor().PostAsync(path, body)).Status == HttpStatusCode.BadRequest)
            {
            }

            await SaysAsync(Task.FromResult(guess.Expect(HttpStatusCode.TooManyRequests)), kind);
        }

        await SaysAsync(alice.TrySignInAsync(), "sign_in.succeeded");
        await SaysAsync(alice.PostAsync("/auth/logout"), "sign_out");
        await SaysAsync(alice.TrySignInAsync(), "sign_in.succeeded");
        await DriveFactorsAsync(app, alice, SaysAsync);
        await SaysAsync(alice.DeleteAsync("/users/me", new { password = alice.Password }), "account.deleted");

        var byCommand = new (string Event, string[] Args)[]
        {
            ("account.added", ["add", "bob@example.org"]), ("role.granted", ["grant", "bob@example.org", "admin"]), ("role.revoked", ["revoke", "bob@example.org", "admin"]),
            ("account.disabled", ["disable", "bob@example.org"]), ("account.enabled", ["enable", "bob@example.org"]), ("password.set", ["set-password", "bob@example.org"]),
        };
        foreach (var (kind, args) in byCommand)
        {
            (await app.CommandAsync(["user", .. args])).Worked();
            Assert.Equal(("cardea user " + args[0], "cardea user " + args[0]), await app.Database.ScalarAsync<(string, string)>(
                "SELECT actor_id, user_agent FROM audit_events WHERE event = @kind AND account_id = (SELECT id FROM accounts WHERE email = 'bob@example.org')", new { kind }));
        }

        await DriveAdministrationAsync(app);
        await DriveMailAsync(app);
        using var folder = new TestFolder();
        (await app.CommandAsync("backup", folder.File("backup"))).Worked();
        (await app.CommandAsync("import", folder.File("people.csv", "email\nbrought@example.org\n"))).Worked();
        (await app.CommandAsync("export", folder.File("people.jsonl"))).Worked();
        await using (var empty = await TestDatabase.CreateAsync(engine))
        {
            var key = await File.ReadAllTextAsync(Path.Combine(app.Database.Directory, "master.key"));
            (await empty.CommandAsync("", "restore", folder.File("backup"), "--Cardea:MasterKey=" + key.Trim())).Worked();
            Assert.Equal("cardea restore", await empty.ScalarAsync<string>("SELECT user_agent FROM audit_events WHERE event = 'database.restored'"));
        }

        await using (var attacked = await app.StartNodeAsync([.. Settings, ("SignIn:Challenge", "under-attack"), ("SignIn:ChallengeServerFailures", "1")]))
        {
            (await attacked.NewActor().TrySignInAsync("guess", login: "nobody@example.org")).Expect(HttpStatusCode.Unauthorized);
            await Eventually.IsAsync(async () => await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'challenge.server_under_attack'") == 1, "the attack was written down");
        }

        await using (var bare = await TestApp.StartAsync(engine))
        {
            (string, string)[] fields = [("token", bare.Logs.Text.Split("/setup?token=")[1][..43]), ("email", "root@example.org"), ("password", NewPassword), ("password_again", NewPassword)];
            (await new PageActor(bare).PostAsync("/setup", fields)).Expect(HttpStatusCode.SeeOther);
            Assert.Equal(await bare.Database.ScalarAsync<string>("SELECT id FROM accounts"), await bare.Database.ScalarAsync<string>("SELECT account_id FROM audit_events WHERE event = 'admin.set_up'"));
        }

        foreach (var once in new[] { "admin.bootstrapped", "signing_key.rotated", "database.backed_up", "account.imported", "accounts.imported", "accounts.exported" })
        {
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = @once", new { once }));
        }

        // Whatever a room declares has been driven: a new event is not forgotten here.
        var declared = typeof(AuditKind).Assembly.GetTypes().SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => field.FieldType == typeof(AuditKind)).Select(field => ((AuditKind)field.GetValue(null)!).Name).Order();
        Assert.Equal(declared, (await app.Database.QueryAsync<string>("SELECT DISTINCT event FROM audit_events")).Append("database.restored").Append("admin.set_up").Order());
    }

    /// <summary>Codes and links by mail, passkeys, and what a reader of mails takes back. Some of these rows are written by a job, so they are looked for by account.</summary>
    private static async Task DriveMailAsync(TestApp app)
    {
        await using var node = await app.StartNodeAsync([.. Settings, ("SignIn:MailedCode", "always")]);
        var dora = await (await node.NewActor("dora").SignUpAsync()).VerifyAsync();
        var first = (await dora.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        (await dora.TrySecondStepAsync(first, "email_code", await node.StepCodeAsync(dora))).Expect(HttpStatusCode.OK);
        await node.CodeAsync(dora);
        await node.LinkAsync(dora);
        var key = await PasskeyHolder.AddAsync(node, dora, change: passkey => passkey.SignCount = 5);
        (await dora.PatchAsync("/users/me/passkeys/" + key.Id, new { name = "Key" })).Expect(HttpStatusCode.OK);
        key.Passkey.SignCount = 5; // as a copy would have it
        (await PasskeyHolder.TrySignInAsync(node.NewActor(), key.Passkey.Get(await PasskeyHolder.OptionsAsync(dora)))).Expect(HttpStatusCode.Unauthorized);
        (await key.TrySignInAsync(dora, replace: true)).Expect(HttpStatusCode.OK);
        (await dora.DeleteAsync("/users/me/passkeys/" + key.Id)).Expect(HttpStatusCode.OK);
        (await dora.PatchAsync("/users/me", new { email = "moved-" + dora.Email })).Expect(HttpStatusCode.OK);
        var (browser, asked) = (new PageActor(node), await node.MailOfAsync(dora.Email, "Your e-mail address is about to change"));
        (await browser.PostAsync("/undo-email-change", ("token", asked.Token))).Expect(HttpStatusCode.SeeOther);

        var erin = await (await (await app.NewActor("erin").SignUpAsync()).VerifyAsync()).SignInAsync();
        var stranger = app.NewActor();
        stranger.Email = erin.Email;
        await stranger.SignInAsync();
        var notice = await app.MailOfAsync(erin.Email, "New sign-in to your account");
        (await new PageActor(app).PostAsync("/not-me", ("token", notice.Token))).Expect(HttpStatusCode.SeeOther);

        foreach (var (actor, kind) in new[]
        {
            (dora, "email_code.step_sent"), (dora, "email_code.asked"), (dora, "sign_in_link.asked"), (dora, "passkey.added"), (dora, "passkey.renamed"), (dora, "passkey.copied"),
            (dora, "passkey.removed"), (dora, "account.email_change_undone"), (erin, "sign_in.disowned"),
        })
        {
            Assert.Equal((kind, 1L), (kind, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = @kind AND account_id = @Id AND at > 0", new { kind, actor.Id })));
        }
    }

    /// <summary>What an administrator does to somebody, to a role and to a mail: each row says who.</summary>
    private static async Task DriveAdministrationAsync(TestApp app)
    {
        var root = app.NewActor();
        root.Email = "root@example.org";
        await root.SignInAsync();

        async Task<Answer> DoesAsync(HttpMethod method, string path, object? body, params string[] events)
        {
            var answer = await root.SendAsync(method, "/api/admin/" + path, body);
            Assert.True((int)answer.Status is >= 200 and < 300, $"{path}: {answer.Body}");
            Assert.Equal(
                events.Order(StringComparer.Ordinal).Select(one => (one, root.Id!)),
                await app.Database.QueryAsync<(string, string)>("SELECT event, actor_id FROM audit_events WHERE request_id = @id ORDER BY event", new { id = answer.Header("X-Request-Id") })); // two of one millisecond stand in no order
            return answer;
        }

        var carol = "users/" + (await DoesAsync(HttpMethod.Post, "users", new { email = "carol@example.org" }, "account.added", "account.invited")).Json.GetProperty("id").GetString();
        await DoesAsync(HttpMethod.Patch, carol, new { given_name = "Carol", is_verified = true }, "account.changed_by_admin");
        await DoesAsync(HttpMethod.Post, carol + "/unlock", null, "account.unlocked");
        var elsewhere = await app.NewActor().As(root).SignInAsync();
        await DoesAsync(HttpMethod.Delete, $"users/{root.Id}/sessions/{elsewhere.SessionId}", null, "session.ended_by_admin");
        await DoesAsync(HttpMethod.Post, carol + "/sign-out", null, "account.signed_out_by_admin");
        await DoesAsync(HttpMethod.Post, carol + "/send-reset", null, "password.reset_sent");
        await DoesAsync(HttpMethod.Post, "roles", new { name = "support", description = "Answers questions", permissions = new[] { "accounts.read" } }, "role.added");
        await DoesAsync(HttpMethod.Patch, "roles/support", new { description = "Answers users' questions" }, "role.changed");
        await DoesAsync(HttpMethod.Delete, "roles/support", null, "role.deleted");
        await DoesAsync(HttpMethod.Post, carol + "/reset-factors", null, "account.factors_reset");
        await DoesAsync(HttpMethod.Post, carol + "/impersonate", null, "impersonation.began");
        await DoesAsync(HttpMethod.Post, carol + "/sign-out", null, "account.signed_out_by_admin", "impersonation.ended");
        await app.LastMailToAsync("carol@example.org"); // what is under way goes out first
        var mail = await app.Database.ScalarAsync<string>("SELECT MAX(id) FROM outbox WHERE recipient = 'carol@example.org'");
        await app.Database.ExecuteAsync("UPDATE outbox SET state = 'parked', content = @content, send_before = created_at + 3600000 WHERE id = @mail", new { mail, content = new byte[1] });
        await DoesAsync(HttpMethod.Post, $"mail/{mail}/retry", null, "mail.retried");
        (await (await new PageActor(app).SignInAsync(root)).PostAsync("/admin/audit/export", ("format", "csv"))).Expect(HttpStatusCode.OK);
        Assert.Equal(root.Id, await app.Database.ScalarAsync<string>("SELECT actor_id FROM audit_events WHERE event = 'audit.exported'"));
    }

    /// <summary>From no second step to one and back.</summary>
    private static async Task DriveFactorsAsync(TestApp app, Actor alice, Func<Task<Answer>, string[], Task<Answer>> saysAsync)
    {
        await saysAsync(alice.PostAsync("/auth/reauthenticate", new { password = alice.Password }), ["reauthentication.succeeded"]);
        await saysAsync(alice.PostAsync("/auth/reauthenticate", new { code = "000000" }), ["reauthentication.failed"]);
        var phone = new Authenticator(app, (await saysAsync(alice.PostAsync("/users/me/totp"), [])).Member("secret")!);
        var codes = (await saysAsync(alice.PostAsync("/users/me/totp/confirm", new { code = phone.NextCode() }), ["totp.set_up"])).Json.GetProperty("recovery_codes");
        var first = await saysAsync(alice.TrySignInAsync(), ["second_step.asked", "sign_in.refused"]);
        await saysAsync(alice.TrySecondStepAsync(first, "totp", phone.WrongCode()), ["second_step.failed"]);
        await saysAsync(alice.TrySecondStepAsync(first, "recovery_code", codes[0].GetString()!, trustDevice: true), ["recovery_code.used", "sign_in.succeeded"]);
        var device = (await alice.GetAsync("/users/me/factors")).Json.GetProperty("trusted_devices")[0].GetProperty("id").GetString();
        await saysAsync(alice.DeleteAsync("/users/me/trusted-devices/" + device), ["trusted_device.ended"]);
        await saysAsync(alice.PostAsync("/users/me/recovery-codes"), ["recovery_codes.renewed"]);
        var again = await alice.TrySignInAsync();
        Answer guess;
        while ((guess = await alice.TrySecondStepAsync(again, "totp", phone.WrongCode())).Code == "invalid_code")
        {
        }

        await saysAsync(Task.FromResult(guess), ["second_step.throttled"]);
        (await alice.TrySecondStepAsync(again, "totp", phone.CodeAt(0))).Expect(HttpStatusCode.TooManyRequests);
        await saysAsync(alice.DeleteAsync("/users/me/totp"), ["totp.removed"]);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_02_What_can_not_be_written_down_does_not_happen(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var other = app.NewActor();
        other.Email = alice.Email;
        await other.SignInAsync();
        var verify = (await app.MailsToAsync(alice.Email))[^1];
        (await alice.PatchAsync("/users/me", new { email = "new-" + alice.Email })).Expect(HttpStatusCode.OK);
        var change = await app.LastMailToAsync("new-" + alice.Email);
        var reset = await OtTokenTests.ForgotAsync(app, alice);
        var old = other.RefreshToken;
        (await other.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await other.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        var stranger = app.NewActor("stranger");

        await FailAuditAsync(app.Database);
        var deeds = new (string What, Func<Task<Answer>> Do)[]
        {
            ("sign-up", stranger.TrySignUpAsync), ("verification", () => stranger.PostAsync("/verify/confirm", new { token = verify.Token })),
            ("verification by code", () => stranger.PostAsync("/verify/confirm", new { email = alice.Email, code = verify.Code })),
            ("sign-in", () => alice.TrySignInAsync()), ("failed sign-in", () => alice.TrySignInAsync("not the password at all")),
            ("sign-in as nobody", () => stranger.TrySignInAsync()), ("profile", () => alice.PatchAsync("/users/me", new { given_name = "Alice", username = "alice" })),
            ("asking for another address", () => alice.PatchAsync("/users/me", new { email = "newer-" + alice.Email })), ("another address", () => stranger.PostAsync("/verify/confirm", new { token = change.Token })),
            ("export", () => alice.GetAsync("/users/me/export")), ("password change", () => alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = NewPassword })),
            ("wrong current password", () => alice.PostAsync("/password/change", new { current_password = "not the password at all", new_password = NewPassword })),
            ("reset", () => stranger.PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })), ("reuse", () => other.TryRefreshAsync(old)),
            ("ending a session", () => alice.DeleteAsync("/sessions/" + other.SessionId)), ("ending the others", () => alice.DeleteAsync("/sessions")),
            ("sign-out", () => alice.PostAsync("/auth/logout")), ("deletion", () => alice.DeleteAsync("/users/me", new { password = alice.Password })),
        };
        string[] counters = ["attempt_counters", "allowances"];
        var before = await app.DumpSettledAsync(counters);
        foreach (var (what, act) in deeds)
        {
            var answer = await act();
            Assert.True(answer.Status == HttpStatusCode.InternalServerError && answer.Code == "internal_error", $"{what}: {answer.Body}");
            Assert.True(before == await app.DumpSettledAsync(counters), $"{what} was half done");
        }

        // What a job does is put off, not lost.
        (await stranger.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        (await stranger.GetAsync("/dev/mail/messages")).Expect(HttpStatusCode.InternalServerError);
        await MendAuditAsync(app.Database);
        Assert.NotEqual(reset.Token, (await app.LastMailToAsync(alice.Email)).Token);
        (await stranger.PostAsync("/verify/confirm", new { token = verify.Token })).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await other.TryRefreshAsync(old)).Expect(HttpStatusCode.Unauthorized);
        (await other.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
    }

    private static Task FailAuditAsync(TestDatabase database) => database.ExecuteAsync(database.Engine is Engine.Postgres
        ? """
          CREATE FUNCTION no_audit() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no audit'; END $$ LANGUAGE plpgsql;
          CREATE TRIGGER no_audit BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION no_audit();
          """
        : "CREATE TRIGGER no_audit BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'no audit'); END");

    private static Task MendAuditAsync(TestDatabase database) =>
        database.ExecuteAsync(database.Engine is Engine.Postgres ? "DROP TRIGGER no_audit ON audit_events" : "DROP TRIGGER no_audit");
}
