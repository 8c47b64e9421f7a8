using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Races;

/// <summary>What was mailed once works once, however many use it at the same moment.</summary>
public sealed class OneTimeSecretRaces
{
    private const int Callers = 32;
    private const int Rounds = 3;

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_Of_32_new_passwords_by_one_reset_link_one_is_set(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var token = (await AskForResetAsync(app, alice)).Token;
            await OneWinsAsync(alice, password => new { token, password });
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_Of_32_new_passwords_by_one_reset_code_one_is_set(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        for (var round = 0; round < Rounds; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var code = (await AskForResetAsync(app, alice)).Code;
            await OneWinsAsync(alice, password => new { email = alice.Email, code, password });
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_A_verification_link_confirms_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var token = (await app.LastMailToAsync(alice.Email)).Token;
            await ConfirmsOnceAsync(app, alice, new { token });
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_A_verification_code_confirms_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var code = (await app.LastMailToAsync(alice.Email)).Code;
            await ConfirmsOnceAsync(app, alice, new { email = alice.Email, code });
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_Of_32_sign_ins_by_one_mailed_code_or_one_link_one_gets_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            // Not proved yet and proved: the first use takes another way through the gate.
            var alice = await app.NewActor("alice").SignUpAsync();
            for (var time = 0; time < 2; time++)
            {
                var code = await app.CodeAsync(alice);
                var byCode = await Race.RunAsync(Callers, _ => alice.TryCodeAsync(code));
                Assert.Single(byCode, answer => answer.Status is HttpStatusCode.OK);
                Assert.All(byCode.Where(answer => answer.Status is not HttpStatusCode.OK), answer => Assert.Contains(answer.Code, new[] { "invalid_code", "too_many_requests" }));

                var link = await app.LinkAsync(alice);
                var byLink = await Race.RunAsync(Callers, _ => alice.TryLinkAsync(link));
                Assert.Single(byLink, answer => answer.Status is HttpStatusCode.OK);
                Assert.Equal(Callers - 1, byLink.Count(answer => answer is { Status: HttpStatusCode.Unauthorized, Code: "invalid_token" }));
                Assert.Equal(2 * (time + 1), await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { alice.Id }));
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_02_Of_32_second_steps_by_one_mailed_code_one_gets_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:MailedCode", "always"));
        for (var round = 0; round < Rounds; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
            var code = await app.StepCodeAsync(alice);
            var answers = await Race.RunAsync(Callers, _ => alice.TrySecondStepAsync(first, "email_code", code));
            Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { alice.Id }));
        }
    }

    private static async Task<TestMail> AskForResetAsync(TestApp app, Actor actor)
    {
        (await actor.PostAsync("/password/forgot", new { email = actor.Email })).Expect(HttpStatusCode.Accepted);
        TestMail? mail = null;
        await Eventually.IsAsync(
            async () => (mail = (await app.MailsToAsync(actor.Email)).FirstOrDefault(one => one.Subject.Contains("password", StringComparison.OrdinalIgnoreCase))) is not null,
            "the reset mail came");
        return mail!;
    }

    private static async Task OneWinsAsync(Actor alice, Func<string, object> body)
    {
        string[] passwords = [.. Enumerable.Range(0, Callers).Select(number => $"copper {number} walrus meadow")];

        var answers = await Race.RunAsync(Callers, number => alice.PostAsync("/password/reset", body(passwords[number])));

        var winner = Assert.Single(Enumerable.Range(0, Callers), number => answers[number].Status is HttpStatusCode.OK);
        Assert.All(answers.Where((_, number) => number != winner), answer => answer.Expect(HttpStatusCode.BadRequest, "invalid_token"));
        (await alice.TrySignInAsync(passwords[winner])).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync(alice.Password)).Expect(HttpStatusCode.Unauthorized);
        foreach (var loser in passwords.Where((_, number) => number != winner).Take(5)) // few enough not to be throttled
        {
            (await alice.TrySignInAsync(loser)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }
    }

    private static async Task ConfirmsOnceAsync(TestApp app, Actor alice, object body)
    {
        var answers = await Race.RunAsync(Callers, _ => alice.PostAsync("/verify/confirm", body));

        Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
        Assert.Equal(Callers - 1, answers.Count(answer => answer.Status is HttpStatusCode.BadRequest && answer.Code == "invalid_token"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>(
            "SELECT COUNT(*) FROM audit_events e JOIN accounts a ON a.id = e.account_id WHERE a.email = @Email AND e.event = 'account.email_verified'", new { alice.Email }));
    }
}
