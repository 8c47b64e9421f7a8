using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>Two servers on one PostgreSQL database, behind one public address.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private static readonly (string, string) PublicUrl = ("PublicUrl", "http://localhost:8099");

    private TwoNodes(TestApp a, TestApp b) => (A, B) = (a, b);

    public TestApp A { get; }

    public TestApp B { get; }

    public static async Task<TwoNodes> StartAsync(params (string Key, string Value)[] settings)
    {
        settings = [.. settings, PublicUrl];
        var a = await TestApp.StartAsync(Engine.Postgres, settings);
        return new(a, await a.StartNodeAsync(settings));
    }

    /// <summary>Asks at node B as somebody whose tokens are from node A.</summary>
    public async Task<Answer> AtBAsync(Actor actor, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", actor.AccessToken);
        using var response = await B.Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    /// <summary>The same person, whose client talks to node B.</summary>
    public Actor Twin(Actor actor)
    {
        var twin = B.NewActor();
        (twin.Email, twin.Password, twin.AccessToken, twin.RefreshToken) = (actor.Email, actor.Password, actor.AccessToken, actor.RefreshToken);
        return twin;
    }

    public async ValueTask DisposeAsync()
    {
        await B.DisposeAsync();
        await A.DisposeAsync();
    }
}
