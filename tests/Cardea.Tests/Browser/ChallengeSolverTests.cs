using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Features.Challenges;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Xunit.Abstractions;

namespace Cardea.Tests.Browser;

/// <summary>The page's own SHA-256 and the server's are one.</summary>
[Collection(Chromium.Collection)]
public sealed class ChallengeSolverTests(Chromium chromium, ITestOutputHelper output)
{
    private const string Solve =
        """
        async (challenge) => {
          const { solve } = await import([...document.scripts].find((script) => script.src.includes("challenges.js")).src);
          const begun = performance.now();
          const answer = await solve(challenge);
          return JSON.stringify({ answer, milliseconds: performance.now() - begun });
        }
        """;

    [BrowserFact]
    public async Task What_the_page_solves_the_server_takes()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/login");
        var challenges = new WorkChallenges(MasterKey.Generate(), TimeProvider.System);
        var (hashes, milliseconds) = (0L, 0d);
        for (var number = 0; number < 40; number++)
        {
            var bits = number < 30 ? 1 + (number % 12) : ChallengeDemand.Least;
            var challenge = challenges.Issue("sign-in", bits, counted: false);
            var solved = JsonSerializer.Deserialize<JsonElement>(await visitor.Page.EvaluateAsync<string>(Solve, new { value = challenge.Value, bits }));
            var answer = solved.GetProperty("answer").GetString()!;
            Assert.NotNull(challenges.Read(answer, "sign-in"));
            Assert.Equal(WorkChallenges.Solve(challenge.Value, bits), answer); // the smallest nonce, as anybody finds it
            if (bits == ChallengeDemand.Least)
            {
                hashes += long.Parse(answer.Split('.')[1], CultureInfo.InvariantCulture);
                milliseconds += solved.GetProperty("milliseconds").GetDouble();
            }
        }

        var begun = Stopwatch.GetTimestamp();
        var nonce = long.Parse(WorkChallenges.Solve(new string('A', 44), 18).Split('.')[1], CultureInfo.InvariantCulture);
        output.WriteLine($"Chromium: {hashes / milliseconds / 1000:F2} million hashes a second; .NET: {nonce / Stopwatch.GetElapsedTime(begun).TotalMilliseconds / 1000:F2}");
        visitor.ExpectNoFault();
    }
}
