using System.Diagnostics;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Faults;
using Cardea.Tests.Harness;

namespace Cardea.Faults;

/// <summary>A planned rotation by the clock on the wall, which no test moves.</summary>
public sealed class Rotation
{
    /// <summary>
    /// Two programs, `cardea keys rotate` beside them, and apps that verify. The new key signs after ten minutes; with tokens of one minute the old one is
    /// gone after 21, which the counts of the promise wait for.
    /// </summary>
    [Theory, OnPostgres]
    public async Task RE_16_A_planned_rotation_under_load_costs_no_app_a_token(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        (string, string)[] settings = [("Tokens:AccessTokenMinutes", "1")];
        await using var a = await RunningServer.StartAsync(database, settings);
        await using var b = await RunningServer.StartAsync(database, settings);
        RunningServer[] nodes = [a, b];
        var login = new { email = "alice@example.org", password = "violet tractor lamp nine" };
        (await a.PostAsync("/auth/signup", login)).Expect(HttpStatusCode.Created);
        var refresh = (await a.PostAsync("/auth/login", login)).Expect(HttpStatusCode.OK).Member("refresh_token");
        var apps = Enumerable.Range(0, 6).Select(number => new OfflineVerifier(() => nodes[number % 2].GetAsync("/.well-known/jwks.json"), TimeProvider.System)).ToList();
        (await database.CommandAsync("", "keys", "rotate")).Worked();
        var begun = Stopwatch.GetTimestamp();
        for (var round = 0; Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(Scale.IsFull ? 22 : 12); round++)
        {
            var answer = (await nodes[round % 2].PostAsync("/auth/refresh", new { refresh_token = refresh })).Expect(HttpStatusCode.OK);
            (refresh, var token) = (answer.Member("refresh_token"), answer.Member("access_token")!);
            foreach (var node in nodes)
            {
                (await node.GetAsync("/users/me", token)).Expect(HttpStatusCode.OK);
            }

            // They began at different moments, so each keeps the keys of another one.
            await Task.WhenAll(apps.Where((_, number) => Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(50 * number)).Select(app => app.VerifyAsync(token)));
            await Task.Delay(200);
        }

        Assert.All(apps, app => Assert.Empty(app.Refused));
        Assert.All(apps, app => Assert.Equal((0, 2), (app.Rescued, app.Signers.Count)));
        Scale.Measured("RE-16", $"planned, by the wall clock: {apps.Sum(app => app.Verified)} tokens verified by {apps.Count} apps in {Stopwatch.GetElapsedTime(begun).TotalMinutes:F0} minutes, the keys read {apps.Sum(app => app.Fetched)} times, 0 errors, 0 unknown keys");
    }
}
