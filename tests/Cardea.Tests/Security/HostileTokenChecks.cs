using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Text where a token should be: refused, whatever it is, and nothing breaks.</summary>
public sealed class HostileTokenChecks
{
    [Fact]
    public async Task JW_09_Oversized_nested_and_compressed_tokens_are_refused()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var forged = await Forged.LikeAsync(app, alice);
        var genuine = alice.AccessToken!;
        var parts = genuine.Split('.');
        var bomb = Forged.Encode(new JsonObject { ["alg"] = "dir", ["enc"] = "A128GCM", ["zip"] = "DEF" });
        var deep = Forged.Text(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 1500)) + "1" + new string('}', 1500)));
        foreach (var (name, token) in new (string, string)[]
        {
            ("a thousand dots", new string('.', 1000)),
            ("a thousand parts", string.Join('.', Enumerable.Repeat("e30", 1000))),
            ("a JWE that decompresses", $"{bomb}..{new string('A', 16)}.{new string('A', 4000)}.{new string('A', 22)}"),
            ("a token within", $"{parts[0]}.{Forged.Text(Encoding.ASCII.GetBytes(genuine))}.{parts[2]}"),
            ("zip in the header", forged.Signed(forged.Header(("zip", "DEF")), null, _ => Forged.Bytes(parts[2]))),
            ("crit in the header", forged.Signed(forged.Header(("crit", new JsonArray("b64")), ("b64", false)), null, _ => Forged.Bytes(parts[2]))),
            ("a deep header", $"{deep}.{parts[1]}.{parts[2]}"),
            ("a deep payload", $"{parts[0]}.{deep}.{parts[2]}"),
            ("a long signature", genuine + new string('A', 7000)),
            ("more than is looked at", genuine + new string('A', 20_000)),
        })
        {
            alice.AccessToken = token;
            var answer = await alice.GetAsync("/users/me");
            Assert.True(answer is { Status: HttpStatusCode.Unauthorized, Code: "unauthorized" }, $"{name}: {(int)answer.Status}");
        }

        using var huge = new HttpRequestMessage(HttpMethod.Get, "/users/me");
        huge.Headers.TryAddWithoutValidation("Authorization", "Bearer " + new string('A', 1024 * 1024));
        try
        {
            using var refused = await app.Http.SendAsync(huge);
            Assert.True(refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.RequestHeaderFieldsTooLarge, $"{refused.StatusCode}");
        }
        catch (HttpRequestException)
        {
            // Refused while it was still being sent.
        }

        alice.AccessToken = genuine;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task JW_10_A_token_that_is_cut_padded_or_respelled_is_another_token(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await alice.PostAsync("/password/forgot", new { email = alice.Email });
        var mails = await app.MailsToAsync(alice.Email);
        var reset = mails.First(mail => mail.Links is [var link] && link.Contains("/reset-password", StringComparison.Ordinal)).Token;
        var verification = mails.First(mail => mail.Links is [var link] && link.Contains("/verify-email", StringComparison.Ordinal)).Token;
        var (access, refresh) = (alice.AccessToken!, alice.RefreshToken!);

        foreach (var other in Respelled(access).Where(other => other.All(letter => letter is > ' ' and < '\u007f'))) // what a header can carry
        {
            alice.AccessToken = other;
            Refused(other, await alice.GetAsync("/users/me"), HttpStatusCode.Unauthorized);
        }

        foreach (var other in Respelled(refresh))
        {
            Refused(other, await alice.TryRefreshAsync(other), HttpStatusCode.Unauthorized);
        }

        foreach (var other in Respelled(reset))
        {
            Refused(other, await alice.SendAsync(HttpMethod.Post, "/password/reset", new { token = other, password = "brass otter window seven" }, withToken: false), HttpStatusCode.BadRequest);
        }

        foreach (var other in Respelled(verification))
        {
            Refused(other, await alice.SendAsync(HttpMethod.Post, "/verify/confirm", new { token = other }, withToken: false), HttpStatusCode.BadRequest);
        }

        alice.AccessToken = access;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync(refresh)).Expect(HttpStatusCode.OK);
        (await alice.SendAsync(HttpMethod.Post, "/verify/confirm", new { token = verification }, withToken: false)).Expect(HttpStatusCode.OK);
        (await alice.SendAsync(HttpMethod.Post, "/password/reset", new { token = reset, password = "brass otter window seven" }, withToken: false)).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task JW_11_A_thousand_malformed_Authorization_headers_are_refused_and_nothing_else()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var token = alice.AccessToken!;
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = app.Address };
        var chance = new Random(20260102);
        for (var number = 0; number < 1000; number++)
        {
            var value = Malformed(token, chance);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/users/me");
            Assert.True(request.Headers.TryAddWithoutValidation("Authorization", value));
            using var response = await client.SendAsync(request);
            Assert.True(response.StatusCode is HttpStatusCode.Unauthorized, $"{(int)response.StatusCode} for: {value}");
            Assert.StartsWith("Bearer", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(token, app.Logs.Text, StringComparison.Ordinal);
        alice.AccessToken = token;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task JW_11_A_token_counts_in_one_Authorization_header_and_nowhere_else()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var token = alice.AccessToken!;
        foreach (var query in new[] { "access_token=", "token=", "bearer=", "authorization=Bearer%20" })
        {
            (await alice.SendAsync(HttpMethod.Get, $"/users/me?{query}{token}", withToken: false)).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        }

        foreach (var (name, value) in new[] { ("X-Access-Token", token), ("Proxy-Authorization", "Bearer " + token), ("X-Authorization", "Bearer " + token), ("Cookie", "access_token=" + token), ("Cookie", "cardea=" + token) })
        {
            (await alice.SendAsync(HttpMethod.Get, "/users/me", withToken: false, change: request => request.Headers.TryAddWithoutValidation(name, value))).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        }

        (await alice.SendAsync(HttpMethod.Post, "/auth/logout", "access_token=" + token, withToken: false)).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.SendAsync(HttpMethod.Get, "/users/me", withToken: false, change: request => request.Headers.TryAddWithoutValidation("Authorization", ["Bearer " + token, "Bearer " + token]))).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    private static string Malformed(string token, Random chance)
    {
        char Letter() => chance.Next(8) == 0 ? "é漢\u00a0ß\u202e"[chance.Next(5)] : (char)chance.Next(0x20, 0x7f);
        string Noise(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Letter()));
        var at = chance.Next(1, token.Length - 1);
        return chance.Next(12) switch
        {
            0 => Noise(chance.Next(1, 200)),
            1 => "Bearer " + Noise(chance.Next(1, 400)),
            2 => "Bearer " + token[..at], // cut
            3 => "Bearer " + token[..at] + token[at..][1..], // a letter less
            4 => "Bearer " + token.Insert(at, Noise(1)),
            5 => "Bearer " + token.Insert(at, new string(' ', chance.Next(1, 4))),
            6 => new[] { "Basic ", "Digest ", "Bearer", "Bearer:", "Token ", "JWT ", "DPoP ", "Bearer\t", "BearerBearer ", "\"Bearer\" " }[chance.Next(10)] + token,
            7 => $"Bearer {token}, Bearer {token}",
            8 => "Bearer " + string.Join('.', token.Split('.').Reverse()),
            9 => "Bearer " + new string(".=-_"[chance.Next(4)], chance.Next(1, 3000)),
            10 => $"Bearer \"{token}\"",
            _ => "Bearer " + token.Replace('.', "-,;:/ "[chance.Next(6)]),
        };
    }

    private static IEnumerable<string> Respelled(string token)
    {
        foreach (var cut in new[] { 1, 2, 3, 4, 8, token.Length / 2 })
        {
            yield return token[..^cut];
            yield return token[cut..];
        }

        foreach (var added in new[] { "=", "==", "A", "AAAA", ".", " ", "\n", "%00", "\u200b" })
        {
            yield return token + added;
            yield return added + token;
        }

        yield return token.ToUpperInvariant();
        yield return token.ToLowerInvariant();
        yield return Uri.EscapeDataString(token + "+");
        yield return token.Insert(token.Length / 2, "\n");
        yield return token + token;
        if (token.IndexOfAny(['-', '_']) >= 0)
        {
            yield return token.Replace('-', '+').Replace('_', '/');
        }

        // The last letter may carry bits that decode to nothing.
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        foreach (var letter in Letters.Where(letter => letter != token[^1]))
        {
            yield return token[..^1] + letter;
        }
    }

    private static void Refused(string token, Answer answer, HttpStatusCode status) => Assert.True(answer.Status == status, $"{(int)answer.Status} for: {token}");
}
