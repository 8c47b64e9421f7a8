using System.Security.Cryptography;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>Planned rotations of the signing key beside apps that keep the published keys: nobody notices.</summary>
public class RotationChecks
{
    private static readonly (string, string) PublicUrl = ("PublicUrl", "http://localhost:8099");

    /// <summary>
    /// Two nodes, people who refresh at either, and apps that began to keep the keys at different moments and verify every token that is in the world, young and
    /// old. From the announcement of a key to the end of the one before it takes 35 minutes, which the clock of both nodes makes in steps.
    /// </summary>
    [Theory, OnPostgres]
    public async Task RE_16_Apps_that_keep_the_keys_notice_nothing_of_planned_rotations_on_two_nodes(Engine engine)
    {
        await using var a = await TestApp.StartAsync(engine, PublicUrl);
        await using var b = await a.StartNodeAsync(PublicUrl);
        TestApp[] nodes = [a, b];
        var people = await Task.WhenAll(Enumerable.Range(0, 2).Select(async number => await (await a.NewActor($"person{number}").SignUpAsync()).SignInAsync()));
        List<Actor[]> clients = [.. people.Select(person => nodes.Select(node => node.NewActor().As(person)).ToArray())];
        var apps = Enumerable.Range(0, 6).Select(number => new OfflineVerifier(() => AskAsync(nodes[number % 2], "/.well-known/jwks.json", null), a.Clock)).ToList();
        var (tokens, step, rotations) = (new List<(string Token, DateTimeOffset Until)>(), TimeSpan.FromSeconds(Scale.Of(20, 5)), Scale.Of(1, 10));
        var announced = new List<string>();
        var begun = a.Clock.GetUtcNow();
        for (var at = TimeSpan.Zero; at < TimeSpan.FromMinutes(40) * rotations; at = a.Clock.GetUtcNow() - begun)
        {
            if (at >= TimeSpan.FromMinutes(1) + (TimeSpan.FromMinutes(40) * announced.Count))
            {
                announced.Add(await nodes[announced.Count % 2].Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test")));
            }

            var now = a.Clock.GetUtcNow();
            tokens.RemoveAll(one => one.Until <= now);
            await Task.WhenAll(people.Zip(clients).Select(async one =>
            {
                var client = one.Second[RandomNumberGenerator.GetInt32(2)];
                (await client.TryRefreshAsync(one.First.RefreshToken)).Expect(OK);
                (one.First.AccessToken, one.First.RefreshToken) = (client.AccessToken, client.RefreshToken);
            }));
            // Young ones, and then the oldest that are still good.
            List<string> shown = [.. people.Select(person => person.AccessToken!), .. tokens.Take(2).Select(one => one.Token)];
            tokens.AddRange(people.Select(person => (person.AccessToken!, DateTimeOffset.FromUnixTimeSeconds(Actor.Claims(person.AccessToken!).GetProperty("exp").GetInt64()) - step - TimeSpan.FromSeconds(5))));
            await Task.WhenAll(
            [
                .. apps.Where((_, number) => at >= TimeSpan.FromSeconds(50 * number)).Select(async app =>
                {
                    foreach (var token in shown)
                    {
                        await app.VerifyAsync(token);
                    }
                }),
                .. nodes.SelectMany(node => shown.Select(async token => (await AskAsync(node, "/users/me", token)).Expect(OK))),
            ]);
            a.Clock.Advance(step);
        }

        Assert.Equal(rotations, announced.Count);
        foreach (var app in apps)
        {
            Assert.Empty(app.Refused);
            Assert.Equal(0, app.Rescued);
            Assert.Superset(announced.ToHashSet(), app.Signers);
            Assert.Equal(rotations + 1, app.Signers.Count);
        }

        Assert.Equal([announced[^1]], (await AskAsync(a, "/.well-known/jwks.json", null)).Json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()));
        Scale.Measured("RE-16", $"planned: {rotations} rotations in {rotations * 40} minutes of the nodes' clock; {apps.Count} apps verified {apps.Sum(app => app.Verified)} tokens, read the keys {apps.Sum(app => app.Fetched)} times, 0 errors, 0 unknown keys");
    }

    private static async Task<Answer> AskAsync(TestApp node, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        using var response = await node.Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
