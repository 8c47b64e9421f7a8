using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cardea.Tests.Faults;

/// <summary>A load balancer as small as one can be: it asks every node for its readiness ten times a second and sends requests to those that are ready, in turn. It tries nothing twice.</summary>
public sealed class ReadinessProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private readonly Func<IReadOnlyList<RunningServer>> _nodes;
    private readonly Task _watching;
    private volatile Uri[] _ready = [];
    private int _turn;

    private ReadinessProxy(WebApplication app, Func<IReadOnlyList<RunningServer>> nodes)
    {
        (_app, _nodes) = (app, nodes);
        app.Run(ForwardAsync);
        _watching = Task.Run(WatchAsync);
    }

    public Uri Address => new(_app.Urls.First());

    public int ReadyCount => _ready.Length;

    public static async Task<ReadinessProxy> StartAsync(Func<IReadOnlyList<RunningServer>> nodes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var proxy = new ReadinessProxy(builder.Build(), nodes);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        await _app.DisposeAsync();
        _http.Dispose();
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var ready = new List<Uri>();
            foreach (var node in _nodes())
            {
                try
                {
                    var address = node.Address;
                    using var answer = await _http.GetAsync(new Uri(address, "/health/ready"));
                    if (answer.IsSuccessStatusCode)
                    {
                        ready.Add(address);
                    }
                }
                catch (HttpRequestException)
                {
                    // Not there.
                }
            }

            _ready = [.. ready];
            await Task.Delay(100);
        }
    }

    private async Task ForwardAsync(HttpContext http)
    {
        var ready = _ready;
        if (ready.Length == 0)
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        var node = ready[(uint)Interlocked.Increment(ref _turn) % ready.Length];
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), new Uri(node, http.Request.Path + http.Request.QueryString));
        if (http.Request.ContentLength > 0)
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType);
        }

        foreach (var name in (string[])["Authorization", "X-Forwarded-For"])
        {
            if (http.Request.Headers.TryGetValue(name, out var given))
            {
                request.Headers.TryAddWithoutValidation(name, given.ToString());
            }
        }

        try
        {
            using var answer = await _http.SendAsync(request);
            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(http.Response.Body);
        }
        catch (HttpRequestException fault)
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            await http.Response.WriteAsync(fault.Message);
        }
    }
}
