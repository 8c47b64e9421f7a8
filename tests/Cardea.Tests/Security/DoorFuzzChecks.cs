using System.Net.Sockets;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Requests as bytes on the wire, with headers, cookies, queries and forms that are almost right: always an answer, never a 5xx, and nobody is let in by a mutated cookie.</summary>
public sealed class DoorFuzzChecks
{
    private static readonly string[] Paths =
        ["/", "/login", "/dashboard", "/account/security", "/users/me", "/session/active", "/health", "/.well-known/jwks.json", "/login/second-step", "/login/code", "/reset-password?token=x", "/login/link?token=x", "/auth/challenge?for=sign-in", "/api/admin/users?cursor=x&limit=2", "/verify-email", "/setup?token=x"];

    [Fact]
    public async Task Whatever_stands_in_a_header_is_answered_and_a_mutated_cookie_is_none()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"), ("SignIn:Challenge", "under-attack"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        await browser.PostAsync("/login/code/send", ("email", alice.Email)); // asks for a code, and holds a flash, a step and a binding
        await browser.PostAsync("/account/profile", ("given_name", "Alice"));
        var cookies = browser.Cookies.ToDictionary(cookie => cookie.Key, cookie => cookie.Value);
        Assert.True(cookies.Count >= 4, string.Join(' ', cookies.Keys));
        (string Name, string Value)[] headers =
        [
            .. cookies.Select(cookie => ("Cookie", $"{cookie.Key}={cookie.Value}")),
            ("Authorization", "Bearer " + alice.AccessToken), ("Accept-Language", "de-DE,de;q=0.9"), ("Accept", "text/html,*/*;q=0.8"), ("X-Forwarded-For", "198.51.100.7, 203.0.113.9"), ("X-Forwarded-Proto", "https"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("tracestate", "a=b,c=d"), ("baggage", "a=b"), ("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin"), ("If-None-Match", "\"abc\""),
            ("Cardea-Challenge", new string('A', 44) + ".1"), ("Idempotency-Key", "abc"), ("Content-Type", "application/json; charset=utf-8"), ("User-Agent", "Mozilla/5.0 Firefox/140.0"), ("Range", "bytes=0-1"), ("Cookie", "cardea-language=de"),
        ];
        var session = $"{browser.SessionCookieName}={cookies[browser.SessionCookieName]}";
        using var wire = new Wire(app);
        for (var number = 0; number < Fuzz.Count / 2; number++)
        {
            var (header, seed) = (headers[number % headers.Length], 20260101 + number);
            var value = Fuzz.Mutate([header.Value], seed).Replace("\r", "").Replace("\n", "");
            var path = header.Value == session ? "/account/security" : Paths[number % Paths.Length];
            var status = await wire.SendAsync("GET", Fuzz.Mutate([path], seed + 1) is var other && number % 3 == 0 ? Sendable(other) : path, $"{header.Name}: {value}\r\n", "");
            Assert.True(status is > 0 and < 500, $"{status} to {header.Name}: {Fuzz.Shown(value)} at {path}, seed {seed}");
            Assert.False(header.Value == session && number % 3 != 0 && status == 200 && !value.Contains(session, StringComparison.Ordinal), Fuzz.Shown(value));
        }
    }

    [Fact]
    public async Task Whatever_a_form_or_a_body_holds_is_answered()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"));
        var browser = new PageActor(app);
        var token = await browser.TokenAsync();
        var cookie = "Cookie: " + string.Join("; ", browser.Cookies.Select(one => $"{one.Key}={one.Value}")) + "\r\nSec-Fetch-Site: same-origin\r\n";
        (string Path, string Type, string Body)[] sends =
        [
            ("/login", "application/x-www-form-urlencoded", $"_token={Uri.EscapeDataString(token)}&login=alice%40example.org&password=violet+tractor&return_url=%2Fdashboard"),
            ("/register", "application/x-www-form-urlencoded", $"_token={Uri.EscapeDataString(token)}&email=bob%40example.org&password=violet&password_again=violet&given_name=B"),
            ("/login/code/send", "application/x-www-form-urlencoded", $"_token={Uri.EscapeDataString(token)}&email=alice%40example.org"),
            ("/reset-password", "multipart/form-data; boundary=b", $"--b\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\n{token}\r\n--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc\r\n--b--\r\n"),
            ("/auth/login", "application/json", """{"login":"alice@example.org","password":"violet tractor"}"""),
            ("/auth/refresh", "application/json", """{"refresh_token":"AbCd"}"""),
            ("/auth/login/mfa", "application/json", """{"mfa_token":"abc","method":"totp","code":"123456"}"""),
            ("/auth/code/login", "application/json", """{"email":"alice@example.org","code":"123456"}"""),
            ("/password/reset", "application/json", """{"email":"alice@example.org","code":"123456","password":"violet tractor lamp nine"}"""),
            ("/verify/confirm", "application/json", """{"token":"abc"}"""),
        ];
        using var wire = new Wire(app);
        for (var number = 0; number < Fuzz.Count / 4; number++)
        {
            var (send, seed) = (sends[number % sends.Length], 20260701 + number);
            var body = Fuzz.Mutate([send.Body], seed);
            var type = number % 7 == 0 ? Fuzz.Mutate([send.Type], seed).Replace("\r", "").Replace("\n", "") : send.Type;
            var status = await wire.SendAsync("POST", send.Path, $"{cookie}X-Forwarded-For: 198.51.{number / 250 % 250}.{number % 250}\r\nContent-Type: {type}\r\n", body);
            Assert.True(status is > 0 and < 500, $"{status} to {send.Path} as {type}, seed {seed}: {Fuzz.Shown(body)}");
        }
    }

    /// <summary>A request line has no room for a space or a control; the rest goes as it is.</summary>
    private static string Sendable(string path) => string.Concat(path.Where(letter => letter is > ' ' and not '\u007f')) is { Length: > 0 } some && some[0] == '/' ? some : "/login";

    /// <summary>A connection that is opened anew when the server has closed it.</summary>
    private sealed class Wire(TestApp app) : IDisposable
    {
        private TcpClient? _socket;

        public async Task<int> SendAsync(string method, string path, string headers, string body)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            var head = Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {app.Address.Authority}\r\nContent-Length: {bytes.Length}\r\n{headers}\r\n");
            _socket?.Dispose();
            _socket = new TcpClient();
            await _socket.ConnectAsync(app.Address.Host, app.Address.Port);
            var stream = _socket.GetStream();
            await stream.WriteAsync((byte[])[.. head, .. bytes]);
            var (buffer, read) = (new byte[64], 0);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                int some;
                while (read < 12 && (some = await stream.ReadAsync(buffer.AsMemory(read), patience.Token)) > 0)
                {
                    read += some;
                }
            }
            catch (IOException)
            {
                return 400; // closed over what could not be read, before its answer was
            }

            return read >= 12 && int.TryParse(Encoding.ASCII.GetString(buffer, 9, 3), out var status) ? status : 0;
        }

        public void Dispose() => _socket?.Dispose();
    }
}
