using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Races;

/// <summary>RE-17 for factors: of any number who come with the same code at the same moment, one wins.</summary>
public sealed class FactorRaces
{
    private const int Callers = 32;

    /// <summary>Each with a sign-in of its own, so that only the code is what they share; guesses are spread so that no limit decides in its place.</summary>
    [Theory, OnSqlite("totp"), OnSqlite("recovery_code"), OnPostgres("totp"), OnPostgres("recovery_code")]
    public async Task MF_02_MF_08_One_code_finishes_one_sign_in(Engine engine, string method)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        for (var round = 0; round < 3; round++)
        {
            await app.Database.ExecuteAsync("DELETE FROM attempt_counters");
            var sessions = await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions");
            var actors = Enumerable.Range(0, 9).Select(_ => app.NewActor().As(alice)).ToList(); // as many as the ladder has free
            var steps = new List<Answer>();
            foreach (var actor in actors)
            {
                steps.Add(await FactorGuessChecks.FirstStepAsync(actor));
            }

            var code = method == "totp" ? phone.NextCode() : phone.RecoveryCodes[round];
            var answers = await Race.RunAsync(Callers, number => actors[number % 9].TrySecondStepAsync(steps[number % 9], method, code));
            Assert.Equal(1, answers.Count(answer => answer.Status is HttpStatusCode.OK));
            Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests, answer.Body));
            Assert.Equal(sessions + 1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        }
    }

    /// <summary>One sign-in and two right codes: it is finished once, and the other code is not used up.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task One_sign_in_is_finished_by_one_of_several_right_codes_and_keeps_the_others(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var step = await FactorGuessChecks.FirstStepAsync(alice);
        var answers = await Race.RunAsync(8, number => app.NewActor().As(alice).TrySecondStepAsync(step, "recovery_code", phone.RecoveryCodes[number]));
        Assert.Equal(1, answers.Count(answer => answer.Status is HttpStatusCode.OK));
        Assert.Equal(9, await app.Database.ScalarAsync<long>("SELECT count(*) FROM recovery_codes"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE event = 'recovery_code.used'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task One_confirmation_sets_up_the_app_and_one_set_of_recovery_codes_lives(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = new Authenticator(app, (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created).Member("secret")!);
        var code = phone.NextCode();
        var answers = await Race.RunAsync(16, _ => alice.PostAsync("/users/me/totp/confirm", new { code }));
        var winner = Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
        Assert.Equal(10, await app.Database.ScalarAsync<long>("SELECT count(*) FROM recovery_codes"));
        var shown = winner.Json.GetProperty("recovery_codes")[4].GetString()!;
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", shown)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_needs_only_room_is_finished_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var step = await FactorGuessChecks.FirstStepAsync(app.NewActor().As(alice));
        (await alice.TrySecondStepAsync(step, "totp", phone.NextCode())).Expect(HttpStatusCode.Conflict, "session_active");
        var answers = await Race.RunAsync(16, _ => app.NewActor().As(alice).TrySecondStepAsync(step, "totp", "000000", replace: true));
        Assert.Equal(1, answers.Count(answer => answer.Status is HttpStatusCode.OK));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
    }
}
