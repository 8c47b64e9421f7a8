using Cardea.Foundation.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Cardea.Foundation.Web;

/// <summary>
/// The time between "stop" and the stop. Everything is still served, but the server says that it is not ready, and lets go of each connection with its
/// answer: so a proxy sends new requests elsewhere, and keeps no idle connection here on which the next one would be lost.
/// </summary>
public sealed class Draining(ServerOptions server) : IHostedLifecycleService
{
    private volatile bool _hasBegun;

    public bool HasBegun => _hasBegun;

    /// <summary>HTTP/2 has no such header: there the server's GOAWAY says it, at the stop.</summary>
    public void LetGo(HttpContext http)
    {
        if (_hasBegun && HttpProtocol.IsHttp11(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
        }
    }

    /// <summary>The host calls this before it stops anything, and waits.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        await Task.Delay(server.Drain, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
