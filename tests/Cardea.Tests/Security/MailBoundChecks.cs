using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What somebody does again and again mails an address so many times and no more, whoever's it is; and one kind of news never silences another.</summary>
public sealed class MailBoundChecks
{
    private const int Times = 30;
    private const string SignedIn = "New sign-in to your account";
    private const string PasswordChanged = "Your password was changed";
    private const string FactorChanged = "How you sign in was changed";
    private const string Moving = "Your e-mail address is about to change";

    private static readonly string[] Passwords = ["violet tractor lamp nine", "copper window bridge seven"];

    /// <summary>An act that mails the account's address, the subject of that mail, how many go to an address that nobody proved, and the audit event.</summary>
    private static readonly (string Name, string Subject, int Most, string Event, Func<TestApp, Actor, int, Task> ActAsync)[] Acts =
    [
        ("sign in from a new device", SignedIn, 5, "sign_in.succeeded", async (app, victim, _) => (await app.NewActor("device").As(victim).TrySignInAsync()).Expect(HttpStatusCode.OK)),
        ("change the password", PasswordChanged, 5, "password.changed", async (_, victim, time) =>
        {
            var next = Passwords[(time + 1) % 2];
            (await victim.PostAsync("/password/change", new { current_password = victim.Password, new_password = next })).Expect(HttpStatusCode.OK);
            victim.Password = next;
        }),
        ("make new recovery codes", FactorChanged, 5, "recovery_codes.renewed", async (_, victim, _) => (await victim.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created)),
        ("ask for another address", Moving, 5, "account.email_change_asked", async (_, victim, time) =>
            (await victim.PatchAsync("/users/me", new { email = $"{time}-{victim.Email}" })).Expect(HttpStatusCode.OK)),
        ("forget the password", "Choose a new password", 3, "password.reset_asked", (_, victim, _) => AskAsync(victim, "/password/forgot")),
        ("ask to be verified", "Confirm your e-mail address", 1 + 3, "", (_, victim, _) => AskAsync(victim, "/verify/send")),
        ("ask for a code", "Your code to sign in", 3, "email_code.asked", (_, victim, _) => AskAsync(victim, "/auth/code/send")),
        ("ask for a link", "Your link to sign in", 3, "sign_in_link.asked", (_, victim, _) => AskAsync(victim, "/auth/link/send")),
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_Thirty_times_the_same_act_mails_an_address_that_nobody_proved_a_few_times(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var act in Acts)
        {
            var victim = await (await app.NewActor("victim").SignUpAsync()).SignInAsync();
            if (act.Subject == FactorChanged)
            {
                await Authenticator.SetUpAsync(app, victim);
            }

            for (var time = 0; time < Times; time++)
            {
                await act.ActAsync(app, victim, time);
            }

            var mails = (await app.MailsToAsync(victim.Email)).GroupBy(mail => mail.Subject).ToDictionary(of => of.Key, of => of.Count());
            Assert.True(mails[act.Subject] >= 1 && mails[act.Subject] <= act.Most, $"{act.Name}: {mails[act.Subject]} mails");
            Assert.All(mails, of => Assert.InRange(of.Value, 1, 5));
            if (act.Most == 5)
            {
                // Who is told no more is still answered, and what was done is written down each time.
                var written = await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE account_id = @Id AND event = @Event", new { victim.Id, act.Event });
                Assert.True(written >= Times, $"{act.Name}: {written} times {act.Event}");
            }
        }
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task HM_04_An_account_that_is_made_and_deleted_all_day_mails_its_address_a_few_times(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        var victim = app.NewActor("victim");
        for (var time = 0; time < Times; time++)
        {
            if (time == Times - 5)
            {
                app.Clock.Advance(TimeSpan.FromMinutes(61)); // the counts are the address's: a new account has no new ones, and a new hour has
            }

            await (await victim.SignUpAsync()).SignInAsync();
            (await app.NewActor("device").As(victim).TrySignInAsync()).Expect(HttpStatusCode.OK);
            (await victim.PatchAsync("/users/me", new { email = $"{time}-{victim.Email}" })).Expect(HttpStatusCode.OK);
            await app.PumpAsync();
            (await victim.DeleteAsync("/users/me", new { password = victim.Password })).Expect(HttpStatusCode.OK);
        }

        await app.PumpAsync();
        await smtp.CatchUpAsync();
        var mails = smtp.Received.Where(mail => mail.To.Contains(victim.Email)).GroupBy(mail => mail.Subject).ToDictionary(of => of.Key!, of => of.Count());
        Assert.Equal(
            new Dictionary<string, int> { ["Confirm your e-mail address"] = 2 * 3, ["Your account was deleted"] = 2 * 5, [SignedIn] = 2 * 5, [Moving] = 2 * 5 }.OrderBy(of => of.Key), mails.OrderBy(of => of.Key));
        // Whoever wants the mail after all asks for it.
        await victim.SignUpAsync();
        await AskAsync(victim, "/verify/send");
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(2 * 3 + 1, smtp.Received.Count(mail => mail.To.Contains(victim.Email) && mail.Subject == "Confirm your e-mail address"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_A_thief_who_lets_one_kind_of_news_run_out_has_silenced_no_other(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var thief = alice;
        for (var time = 0; time < Times; time++)
        {
            thief = await app.NewActor("thief").As(alice).SignInAsync();
        }

        Assert.Equal(20, await app.CountMailsAsync(alice.Email, SignedIn));
        Assert.Equal(1 + Times, await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE account_id = @Id AND event = 'sign_in.succeeded'", new { alice.Id }));
        Assert.Equal(20, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sign_in_notices WHERE account_id = @Id", new { alice.Id })); // nothing is kept for a link that nobody got
        (await thief.PatchAsync("/users/me", new { email = "thief-" + alice.Email })).Expect(HttpStatusCode.OK);
        (await thief.PostAsync("/password/change", new { current_password = alice.Password, new_password = Passwords[1] })).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, Moving));
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, PasswordChanged));

        app.Clock.Advance(TimeSpan.FromMinutes(61));
        alice.Password = Passwords[1];
        await app.NewActor("thief").As(alice).SignInAsync();
        Assert.Equal(21, await app.CountMailsAsync(alice.Email, SignedIn));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_Where_each_sign_in_is_told_those_of_known_devices_leave_a_strangers_news_alone(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        for (var time = 0; time < Times; time++)
        {
            await alice.SignInAsync();
        }

        Assert.Equal(1 + 20, await app.CountMailsAsync(alice.Email, SignedIn));
        await app.NewActor("stranger").As(alice).SignInAsync();
        Assert.Equal(1 + 20 + 1, await app.CountMailsAsync(alice.Email, SignedIn));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_What_strangers_use_up_leaves_an_administrators_mail_alone(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (admin, alice) = (await app.NewAdministratorAsync(), await app.NewActor("alice").SignUpAsync());
        for (var time = 0; time < Times; time++)
        {
            await AskAsync(alice, "/password/forgot");
        }

        (await admin.PostAsync($"/api/admin/users/{alice.Id}/send-reset")).Expect(HttpStatusCode.OK);
        Assert.Equal(3 + 1, await app.CountMailsAsync(alice.Email, "Choose a new password"));
    }

    private static async Task AskAsync(Actor victim, string path) => (await victim.SendAsync(HttpMethod.Post, path, new { email = victim.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
}
