using System.Net;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Who a client is, for the limits by address: it can't say so itself.</summary>
public sealed class ClientAddressChecks
{
    /// <summary>The reset door refuses so many wrong tokens of one address.</summary>
    private const int Permits = 300;

    private static readonly string[] HostileHeaders =
    [
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6", "Fastly-Client-IP", "X-Client-IP", "Client-IP",
        "X-Cluster-Client-IP", "X-Forwarded", "Forwarded-For", "X-Original-Forwarded-For", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-Azure-ClientIP",
        "X-Azure-SocketIP", "X-Envoy-External-Address", "X-ProxyUser-Ip", "X-Appengine-User-IP", "Fly-Client-IP", "DO-Connecting-IP", "X-Host", "Via", "WL-Proxy-Client-IP",
        "X-Original-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Forwarded-For",
    ];

    [Fact]
    public async Task BF_08_Without_a_trusted_proxy_no_header_makes_another_client()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await ThrottleAsync(app, number => [Hostile(number)]);
        foreach (var header in HostileHeaders)
        {
            (await GuessAsync(app, [(header, Written(header, "198.51.100.77"))])).Expect(HttpStatusCode.TooManyRequests);
        }
    }

    [Fact]
    public async Task BF_08_A_proxy_that_is_not_among_the_trusted_is_not_believed()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "10.0.0.0/8,192.0.2.1"));
        await ThrottleAsync(app, number => [("X-Forwarded-For", $"198.51.100.{number % 250}")]);
    }

    [Fact]
    public async Task BF_08_Behind_a_trusted_proxy_only_what_it_saw_itself_counts()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1,10.0.0.0/8"));
        // What the client wrote stands left of what the proxies added; everything else is the client's own word.
        await ThrottleAsync(app, number => number % 2 == 0
            ? [("X-Forwarded-For", $"198.51.100.{number % 250}, 203.0.113.7, 10.1.2.3")]
            : [("X-Forwarded-For", "203.0.113.7"), Hostile(number, except: "X-Forwarded-For")]);
        (await GuessAsync(app, [("X-Forwarded-For", "203.0.113.8")])).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await GuessAsync(app, [("X-Forwarded-For", "203.0.113.7")])).Expect(HttpStatusCode.TooManyRequests);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_08_Sessions_and_audit_rows_tell_the_sockets_address(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.SendAsync(HttpMethod.Post, "/auth/login", new { email = alice.Email, password = alice.Password }, change: request =>
        {
            foreach (var header in HostileHeaders)
            {
                request.Headers.TryAddWithoutValidation(header, Written(header, "198.51.100.77"));
            }
        })).Expect(HttpStatusCode.OK);
        Assert.Equal(["127.0.0.1"], await app.Database.QueryAsync<string>("SELECT address FROM sessions"));
        Assert.DoesNotContain("198.51.100.77", await app.DumpAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BF_09_A_network_of_IPv6_is_one_client_however_its_addresses_are_written()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"));
        string Address(int number) => (number % 4) switch
        {
            0 => $"2001:db8:1:2::{number:x}",
            1 => $"2001:0DB8:0001:0002:{number:x}::1",
            2 => $"[2001:db8:1:2:ffff:{number:x}::]:4711",
            _ => $"2001:db8:1:2:{number:x}:0:192.0.2.33",
        };
        await ThrottleAsync(app, number => [("X-Forwarded-For", Address(number))]);
        (await GuessAsync(app, [("X-Forwarded-For", "2001:db8:1:3::1")])).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Fact]
    public async Task BF_09_An_IPv4_address_inside_IPv6_is_that_IPv4_address()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"));
        string[] spellings = ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:0201", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1:5060", "[::ffff:192.0.2.1]:5060"];
        await ThrottleAsync(app, number => [("X-Forwarded-For", spellings[number % spellings.Length])]);
        (await GuessAsync(app, [("X-Forwarded-For", "::ffff:192.0.2.2")])).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Fact]
    public async Task BF_10_Every_door_with_a_limit_refuses_what_is_over_it_says_how_long_and_lets_others_in()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"), (":Logging:LogLevel:Default", "Warning"));
        var limited = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<Access>().Any() && route.Metadata.GetMetadata<Limit>() is { IsNone: false })
            .DistinctBy(route => route.Metadata.GetRequiredMetadata<Limit>().Name).ToList();
        var names = limited.Select(route => route.Metadata.GetRequiredMetadata<Limit>().Name).ToList();
        Assert.All(["sign-up", "sign-in", "refresh", "forgot", "reset", "verify-send", "verify-confirm", "change-by-password"], name => Assert.Contains(name, names));

        var anybody = app.NewActor();
        foreach (var route in limited)
        {
            var permits = route.Metadata.GetRequiredMetadata<Limit>().Permits;
            var method = new HttpMethod(route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0]);
            Task<Answer> Knock(string from) => anybody.SendAsync(method, route.RoutePattern.RawText!, method == HttpMethod.Get ? null : new { }, change: request => request.Headers.Add("X-Forwarded-For", from));
            var refused = 0;
            await Parallel.ForAsync(0, permits, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
            {
                if ((await Knock("203.0.113.1")).Status is HttpStatusCode.TooManyRequests)
                {
                    Interlocked.Increment(ref refused);
                }
            });
            Assert.True(refused == 0, $"{route}: {refused} of {permits} were refused already");
            var over = await Knock("203.0.113.1");
            Assert.True(over is { Status: HttpStatusCode.TooManyRequests, Code: "too_many_requests" } && int.TryParse(over.Header("Retry-After"), out var wait) && wait > 0, $"{route}: {over.Status}");
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await Knock("203.0.113.2")).Status);
        }
    }

    /// <summary>Uses up one client's permits by requests that try to look like many.</summary>
    private static async Task ThrottleAsync(TestApp app, Func<int, (string Name, string Value)[]> headers)
    {
        for (var number = 0; number < Permits; number++)
        {
            (await GuessAsync(app, headers(number))).Expect(HttpStatusCode.BadRequest, "invalid_token");
        }

        for (var number = Permits; number < Permits + 40; number++)
        {
            (await GuessAsync(app, headers(number))).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        }
    }

    private static async Task<Answer> GuessAsync(TestApp app, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/password/reset")
        {
            Content = new StringContent("""{"token":"guess","password":"brass otter window seven"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await app.Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    private static (string, string) Hostile(int number, string? except = null)
    {
        var header = HostileHeaders[number % HostileHeaders.Length];
        header = header == except ? "X-Real-IP" : header;
        return (header, Written(header, (number % 3) switch { 0 => $"198.51.100.{number % 250}", 1 => $"2001:db8:{number:x}::1", _ => $"198.51.100.{number % 250}, 127.0.0.1" }));
    }

    private static string Written(string header, string address) => header switch
    {
        "Forwarded" => $"for=\"{address}\";proto=https;host=evil.example",
        "Via" => $"1.1 {address}",
        "X-Forwarded-Proto" => "https",
        "X-Host" or "X-Forwarded-Host" => "evil.example",
        _ => address,
    };
}
