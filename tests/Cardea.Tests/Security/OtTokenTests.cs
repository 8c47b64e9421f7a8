using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What is mailed works once, for one thing, for so long.</summary>
public sealed class OtTokenTests
{
    private const string NewPassword = "copper window bridge seven";

    [Theory]
    [OnSqlite("link"), OnSqlite("code"), OnSqlite("temporary-password"), OnPostgres("link"), OnPostgres("code"), OnPostgres("temporary-password")]
    public async Task OT_01_A_secret_of_one_purpose_opens_nothing_else(Engine engine, string recovery)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", recovery));
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        var newEmail = "new-" + alice.Email;
        var secrets = await CollectAsync(app, alice, newEmail);
        var (reset, resetDoor) = await RecoveryAsync(app, alice, recovery);
        secrets.Add((recovery, reset, resetDoor));
        foreach (var (kind, secret, right) in secrets)
        {
            await app.Database.ExecuteAsync("DELETE FROM attempt_counters"); // each is looked at, and none refused for those before it
            foreach (var (door, tryIt) in Doors(app, alice, newEmail))
            {
                if (door != right)
                {
                    var answer = await tryIt(secret);
                    Assert.True((int)answer.Status is 400 or 401, $"{kind} at {door}: {(int)answer.Status} {answer.Body}");
                }
            }
        }

        // They were alive all the while: each of these works at its own door, the last of them voiding the rest.
        var doors = Doors(app, alice, newEmail);
        string[] alive = ["access token", "refresh token", "verification token", "sign-in link", recovery, "notice of a sign-in", "notice of the change"];
        foreach (var (kind, secret, right) in secrets.Where(secret => alive.Contains(secret.Kind)).OrderBy(secret => Array.IndexOf(alive, secret.Kind)))
        {
            var answer = await doors[right](secret);
            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.SeeOther || answer.Code == "password_change_required", $"{kind} at {right}: {answer.Body}");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_01_Tokens_are_256_bits_and_stored_as_hashes_under_their_purpose(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor().SignUpAsync();
        var mail = await app.LastMailToAsync(alice.Email);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", mail.Token);
        Assert.Matches("^[0-9]{6}$", mail.Code);
        var (purpose, hash, mac) = await app.Database.ScalarAsync<(string, byte[], byte[])>("SELECT purpose, token_hash, code_mac FROM one_time_secrets");
        Assert.Equal("verify-email", purpose);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(mail.Token)), hash);
        // Not what anybody could compute over all million codes.
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(mail.Code!)), mac);
        Assert.Equal(32, mac.Length);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_03_The_clock_ends_links_and_codes_and_not_the_purge(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (early, late) = (await app.NewActor().SignUpAsync(), await app.NewActor().SignUpAsync());
        var (earlyMail, lateMail) = (await app.LastMailToAsync(early.Email), await app.LastMailToAsync(late.Email));

        app.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        (await late.PostAsync("/verify/confirm", new { email = late.Email, code = lateMail.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        app.Clock.Advance(TimeSpan.FromHours(23) + TimeSpan.FromMinutes(49));
        (await early.PostAsync("/verify/confirm", new { token = earlyMail.Token })).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await late.PostAsync("/verify/confirm", new { token = lateMail.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM one_time_secrets WHERE account_id = @Id", new { late.Id }));

        var (inTime, tooLate) = (await ForgotAsync(app, early), await ForgotAsync(app, late));
        app.Clock.Advance(TimeSpan.FromMinutes(59) + TimeSpan.FromSeconds(30));
        (await early.PostAsync("/password/reset", new { token = inTime.Token, password = NewPassword })).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(31));
        (await late.PostAsync("/password/reset", new { token = tooLate.Token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_03_A_reset_code_ends_after_ten_minutes_and_a_temporary_password_after_fifteen(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var clock = new ManualClock();
        foreach (var (method, lives) in new[] { ("code", 10), ("temporary-password", 15) })
        {
            await using var app = await TestApp.StartAsync(engine, database, clock, ("Recovery:Method", method));
            var (early, late) = (await app.NewActor().SignUpAsync(), await app.NewActor().SignUpAsync());
            var (first, second) = ((await ForgotAsync(app, early)).Code!, (await ForgotAsync(app, late)).Code!);
            clock.Advance(TimeSpan.FromMinutes(lives) - TimeSpan.FromSeconds(20));
            var used = await UseAsync(early, first);
            Assert.True(used.Status == HttpStatusCode.OK || used.Code == "password_change_required", used.Body);
            clock.Advance(TimeSpan.FromSeconds(21));
            Assert.Contains((await UseAsync(late, second)).Code, new[] { "invalid_token", "invalid_credentials" });
            if (used.Member("password_change_token") is { } token)
            {
                clock.Advance(TimeSpan.FromMinutes(15));
                (await early.PostAsync("/password/reset", new { token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
            }

            Task<Answer> UseAsync(Actor actor, string secret) => method == "code"
                ? actor.PostAsync("/password/reset", new { email = actor.Email, code = secret, password = NewPassword })
                : actor.TrySignInAsync(secret);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_04_A_newer_mail_voids_the_older_and_a_new_password_voids_all(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor().SignUpAsync();
        var older = await app.LastMailToAsync(alice.Email);
        (await alice.PostAsync("/verify/send", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var newer = await app.LastMailToAsync(alice.Email);
        Assert.NotEqual(older.Token, newer.Token);
        (await alice.PostAsync("/verify/confirm", new { token = older.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        if (older.Code != newer.Code)
        {
            (await alice.PostAsync("/verify/confirm", new { email = alice.Email, code = older.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        }

        await alice.SignInAsync();
        var newEmail = "new-" + alice.Email;
        (await alice.PatchAsync("/users/me", new { email = newEmail })).Expect(HttpStatusCode.OK);
        var change = await app.LastMailToAsync(newEmail);
        var (resetOlder, resetNewer) = (await ForgotAsync(app, alice), await ForgotAsync(app, alice));
        (await alice.PostAsync("/password/reset", new { token = resetOlder.Token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");

        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = NewPassword })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/reset", new { token = resetNewer.Token, password = NewPassword + "!" })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { token = newer.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { token = change.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { email = newEmail, code = change.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_04_A_changed_address_voids_what_lies_in_the_old_mailbox(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        var (verify, reset) = (await app.LastMailToAsync(alice.Email), await ForgotAsync(app, alice));
        var newEmail = "new-" + alice.Email;
        (await alice.PatchAsync("/users/me", new { email = newEmail })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/verify/confirm", new { token = (await app.LastMailToAsync(newEmail)).Token })).Expect(HttpStatusCode.OK);

        (await alice.PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { token = verify.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.TrySignInAsync(login: newEmail)).Expect(HttpStatusCode.OK);
    }

    internal static async Task<TestMail> ForgotAsync(TestApp app, Actor actor)
    {
        (await actor.SendAsync(HttpMethod.Post, "/password/forgot", new { email = actor.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
        return await app.LastMailToAsync(actor.Email);
    }

    /// <summary>Every secret that an account can hold at one time, and the door that it is for.</summary>
    private static async Task<List<(string Kind, string Secret, string Right)>> CollectAsync(TestApp app, Actor alice, string newEmail)
    {
        var verify = await app.LastMailToAsync(alice.Email);
        (await alice.PatchAsync("/users/me", new { email = newEmail })).Expect(HttpStatusCode.OK);
        var change = await app.LastMailToAsync(newEmail);
        var elsewhere = app.NewActor("elsewhere");
        (await elsewhere.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.OK);
        await app.Database.ExecuteAsync("UPDATE accounts SET password_change_required = 1");
        var due = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "password_change_required");
        await app.Database.ExecuteAsync("UPDATE accounts SET password_change_required = 0");
        return
        [
            ("access token", alice.AccessToken!, "bearer"), ("refresh token", alice.RefreshToken!, "refresh"),
            ("verification token", verify.Token, "verify by token"), ("verification code", verify.Code!, "verify by code"),
            ("change token", change.Token, "verify by token"), ("change code", change.Code!, "verify the new address by code"),
            ("password change", due.Member("password_change_token")!, "reset by token"),
            ("sign-in code", await app.CodeAsync(alice), "sign in by code"), ("sign-in link", await app.LinkAsync(alice), "sign in by link"),
            ("notice of the change", (await app.MailOfAsync(alice.Email, "Your e-mail address is about to change")).Token, "undo the change"),
            ("notice of a sign-in", (await app.MailOfAsync(alice.Email, "New sign-in to your account")).Token, "not me"),
        ];
    }

    private static async Task<(string Secret, string Door)> RecoveryAsync(TestApp app, Actor alice, string recovery)
    {
        var mail = await ForgotAsync(app, alice);
        return recovery switch { "link" => (mail.Token, "reset by token"), "code" => (mail.Code!, "reset by code"), _ => (mail.Code!, "sign in") };
    }

    private static Dictionary<string, Func<string, Task<Answer>>> Doors(TestApp app, Actor alice, string newEmail)
    {
        Task<Answer> Post(string path, object body) => alice.SendAsync(HttpMethod.Post, path, body, withToken: false);
        return new()
        {
            ["bearer"] = secret => alice.SendAsync(HttpMethod.Get, "/users/me", withToken: false, change: request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + secret)),
            ["refresh"] = secret => Post("/auth/refresh", new { refresh_token = secret }),
            ["verify by token"] = secret => Post("/verify/confirm", new { token = secret }),
            ["verify by code"] = secret => Post("/verify/confirm", new { email = alice.Email, code = secret }),
            ["verify the new address by code"] = secret => Post("/verify/confirm", new { email = newEmail, code = secret }),
            ["reset by token"] = secret => Post("/password/reset", new { token = secret, password = NewPassword }),
            ["reset by code"] = secret => Post("/password/reset", new { email = alice.Email, code = secret, password = NewPassword }),
            ["sign in by code"] = secret => app.NewActor().TryCodeAsync(secret, alice.Email),
            ["sign in by link"] = secret => app.NewActor().TryLinkAsync(secret),
            ["second step"] = secret => Post("/auth/login/mfa", new { mfa_token = secret, method = "email_code", code = secret }),
            ["not me"] = async secret => (await new PageActor(app).PostAsync("/not-me", ("token", secret))).Answer,
            ["undo the change"] = async secret => (await new PageActor(app).PostAsync("/undo-email-change", ("token", secret))).Answer,
            ["sign in"] = secret => Post("/auth/login", new { email = alice.Email, password = secret }),
        };
    }
}
