using System.Net;
using Cardea.Features.Challenges;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Challenges;

/// <summary>Does the work of a client.</summary>
internal static class Work
{
    public const string Header = "Cardea-Challenge";

    public static string Solve(this Answer refused)
    {
        refused.Expect(HttpStatusCode.Forbidden, "challenge_required");
        var challenge = refused.Json.GetProperty("challenge");
        return WorkChallenges.Solve(challenge.GetProperty("value").GetString()!, challenge.GetProperty("bits").GetInt32());
    }

    public static int Bits(this Answer refused) => refused.Expect(HttpStatusCode.Forbidden, "challenge_required").Json.GetProperty("challenge").GetProperty("bits").GetInt32();

    public static Task<Answer> PostAsync(this Actor actor, string path, object body, string? solution, string? from = null) => actor.SendAsync(HttpMethod.Post, path, body, withToken: false, request =>
    {
        if (solution is not null)
        {
            request.Headers.Add(Header, solution);
        }

        if (from is not null)
        {
            request.Headers.Add("X-Forwarded-For", from);
        }
    });

    public static Task<Answer> GuessAsync(this Actor actor, string login, string? solution = null, string? from = null) =>
        actor.PostAsync("/auth/login", new { login, password = "a wrong guess of somebody" }, solution, from);
}
