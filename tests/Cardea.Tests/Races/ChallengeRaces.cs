using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.Challenges;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Races;

public sealed class ChallengeRaces
{
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_17_Of_thirty_two_with_one_solution_one_is_let_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:Challenge", "always"));
        for (var round = 0; round < 3; round++)
        {
            var solution = (await app.NewActor().GuessAsync("nobody@example.org")).Solve();
            var callers = Enumerable.Range(0, 32).Select(_ => app.NewActor()).ToList();
            var answers = await Race.RunAsync(32, number => callers[number].GuessAsync($"nobody{number}@example.org", solution));
            Assert.Single(answers, answer => answer.Status is HttpStatusCode.Unauthorized);
            Assert.Equal(31, answers.Count(answer => answer.Code == "challenge_required"));
        }
    }

    [Theory, OnPostgres]
    public async Task A_challenge_of_one_node_is_solved_at_another_and_used_up_at_both(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:Challenge", "always"));
        await using var other = await app.StartNodeAsync(("SignIn:Challenge", "always"));
        var solution = (await app.NewActor().GuessAsync("nobody@example.org")).Solve();
        (await other.NewActor().GuessAsync("nobody@example.org", solution)).Expect(HttpStatusCode.Unauthorized);
        (await app.NewActor().GuessAsync("nobody@example.org", solution)).Expect(HttpStatusCode.Forbidden, "challenge_required");
    }
}
