using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cardea.Tests.Security;

/// <summary>How many messages a test that makes them up sends: as many as <c>CARDEA_TEST_MESSAGES</c> says, or its usual number.</summary>
internal static class Messages
{
    public static int Or(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("CARDEA_TEST_MESSAGES"), NumberStyles.None, CultureInfo.InvariantCulture, out var many) ? many : usual;
}

/// <summary>A request that was made up from the document.</summary>
internal sealed record HostileRequest(string Target, byte[]? Body, string ContentType, bool IsChunked, IReadOnlyDictionary<string, string> Headers)
{
    public override string ToString()
    {
        var body = Body is null ? "no body" : Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 600))) + (Body.Length > 600 ? $"… ({Body.Length} bytes)" : "");
        var headers = string.Concat(Headers.Select(header => $" {header.Key}: {header.Value[..Math.Min(80, header.Value.Length)]};"));
        return $"{Target[..Math.Min(Target.Length, 600)]} [{ContentType}{(IsChunked ? ", chunked" : "")};{headers}] {body}";
    }
}

/// <summary>
/// Makes up requests to an operation: about half of what it puts in is what the document asks for, the rest is what an attacker or a broken client sends,
/// and several things are wrong at once. What it makes hangs on the random numbers and on what it was told of earlier answers alone.
/// </summary>
internal sealed class HostileRequests(Random random)
{
    public const string Password = "violet tractor lamp nine";

    private static readonly string[] Texts =
    [
        "", " ", "a", "\0", "a\0b", "\n", "a\r\nX-Evil: 1", "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\ufeff", "\uffff", "\ufdd0", "\ue000", "👩‍👩‍👧‍👦", "e\u0301", "İı\u212a", "ß", "＜script＞", "<script>alert(1)</script>",
        "' OR 1=1 --", "'; DROP TABLE accounts; --", "\" OR \"\"=\"", "%", "_", "%00", "%zz", "..", "../../etc/passwd", "{{7*7}}", "${jndi:ldap://x}", "{0}", "\\", "/", "?", "#", ";a=b", "null", "undefined", "NaN", "true", "-1", "0",
        "1e999", "999999999999999999999999", "2026-01-31", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00", "admin", "user", "totp", "passkey", "recovery_code", "email_code",
        "active", "disabled", "queued", "a@b", "a@example.org,b@example.org", "\"a b\"@example.org", "a@[127.0.0.1]", "a@xn--a.example", "a@\u00fc.example", "a@" + "b.b.b.b.b.b.b.b.example", "🜁🜂@example.org", "123456", "00000000000000000000000000000000",
    ];

    private static readonly string[] Json =
    [
        "null", "true", "false", "0", "-1", "-0", "1.5", "1e999", "-1e-999", "123456789012345678901234567890", "[]", "{}", "[null]", "[[]]", "[{}]", "[\"a\",null]", "[\"admin\",\"admin\"]", "{\"a\":1}", "{\"a\":1,\"a\":2}",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"a\\u0000b\"", "{\"\\ud800\":1}", "NaN", "'a'", "undefined", "\"a\nb\"", "\"\\x41\"", "/**/1", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "",
    ];

    private static readonly string[] Types =
    [
        "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=\"utf-8\"", "application/json; charset=utf-16", "application/json; charset=", "application/json; charset=nonsense", "text/json", "text/plain", "",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/problem+json", "application/merge-patch+json", "*/*", "nonsense", "application/json, application/json", "application/json;q=\"\\",
    ];

    /// <summary>Raw, since some of them are no text at all.</summary>
    private static readonly string[] Segments = ["%00", "%0a", "%ff", "%ed%a0%80", "%c0%ae", "%2f", "%5c", "%25%30%30", "%e2%80%ae", "%", "%zz", "a%00b", "..%2f..%2fetc", "*", "~", "a;b=c", "-1", "options", "me"];

    private readonly List<string> _ids = [];
    private int _fresh;

    /// <summary>What later requests may name: ids, names and cursors that answers held.</summary>
    public void Remember(JsonElement answer)
    {
        if (answer.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in answer.EnumerateArray().Take(3))
            {
                Remember(item);
            }
        }
        else if (answer.ValueKind is JsonValueKind.Object)
        {
            foreach (var member in answer.EnumerateObject())
            {
                if (member is { Name: "id" or "name" or "next_cursor" or "email" or "username", Value.ValueKind: JsonValueKind.String })
                {
                    Keep(member.Value.GetString()!);
                }

                Remember(member.Value);
            }
        }
    }

    public void Keep(string id)
    {
        if (_ids.Count < 200)
        {
            _ids.Add(id);
        }
        else
        {
            _ids[random.Next(200)] = id;
        }
    }

    public HostileRequest Make(ApiOperation operation, string? refreshToken)
    {
        var headers = new Dictionary<string, string>();
        if (operation.Method != "GET" && Once(10))
        {
            headers["Idempotency-Key"] = Once(3) ? new string('k', random.Next(1, 400)) : Pick(["1", "\"", "a b", "%00", ","]);
        }

        if (Once(20))
        {
            headers["Accept"] = Pick(["application/json", "*/*", "text/plain", "application/xml;q=1, */*;q=0", "nonsense", ";;;"]);
        }

        if (Once(30))
        {
            headers["Content-Encoding"] = Pick(["gzip", "identity", "br, gzip"]);
        }

        if (Once(30))
        {
            headers["Cookie"] = Pick(["cardea=x.y", "cardea=" + new string('a', 3000), "cardea-device=\"", "=;=;", "cardea=a; cardea=b"]);
        }

        var body = operation.Body is { } content ? Body(operation.Document, content, refreshToken) : Once(15) ? Bytes("{\"a\":1}") : null;
        return new(Target(operation), body, Once(12) ? Pick(Types) : "application/json", body is not null && Once(10), headers);
    }

    private string Target(ApiOperation operation)
    {
        var path = string.Join('/', operation.Path.Split('/').Select(part => part.StartsWith('{') ? Segment() : part));
        var (query, isPolite) = (new List<string>(), Once(3));
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query" && Once(isPolite ? 4 : 2)))
        {
            var name = parameter.GetProperty("name").GetString()!;
            for (var times = !isPolite && Once(8) ? 2 : 1; times > 0; times--)
            {
                query.Add($"{name}={(isPolite || Once(2) ? Fitting(parameter.GetProperty("schema")) : Once(8) ? Pick(Segments) : Escaped(Text()))}");
            }
        }

        if (!isPolite && Once(20))
        {
            query.Add(Pick(["nonsense=1", "=", "&&", "a[]=1", "%00=1", "limit", "limit=1&limit=2", "__proto__=1", "%ff=%ff", "cursor=" + new string('A', 2000)]));
        }

        return query.Count == 0 ? path : path + "?" + string.Join('&', query);
    }

    private string Fitting(JsonElement schema) =>
        schema.TryGetProperty("enum", out var choices) ? Escaped(choices[random.Next(choices.GetArrayLength())].GetString()!)
        : schema.TryGetProperty("maximum", out var most) ? random.Next(1, most.GetInt32() + 1).ToString(CultureInfo.InvariantCulture)
        : _ids.Count > 0 ? Escaped(Pick(_ids)) : "a";

    private string Segment() => random.Next(10) switch
    {
        < 6 when _ids.Count > 0 => Escaped(Pick(_ids)),
        < 8 => Pick(Segments),
        8 => new string('a', random.Next(100, 5000)),
        _ => Escaped(Text() is { Length: > 0 } text && text is not (".." or ".") ? text : "0"),
    };

    private byte[] Body(ApiDocument document, JsonElement content, string? refreshToken)
    {
        var schema = document.Resolve(content.GetProperty("schema"));
        var example = content.GetProperty("example");
        var needed = schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        var isPolite = Once(3);
        var members = new List<string>();
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            var isShown = example.TryGetProperty(property.Name, out var shown);
            if (needed.Contains(property.Name) ? !isPolite && Once(12) : isPolite && isShown ? Once(4) : !Once(3))
            {
                continue;
            }

            for (var times = !isPolite && Once(25) ? 2 : 1; times > 0; times--)
            {
                members.Add($"\"{property.Name}\":{(isPolite || Once(2) ? Plausible(document.Resolve(property.Value), property.Name, isShown ? shown : null, refreshToken) : Value())}");
            }
        }

        if (isPolite)
        {
            return Bytes($"{{{string.Join(',', members)}}}");
        }

        if (Once(12))
        {
            members.Add($"{JsonSerializer.Serialize(Once(3) ? Text() : Pick(["id", "role", "is_admin", "__proto__", "$type", "account_id"]))}:{Value()}");
        }

        var text = $"{{{string.Join(',', members)}}}";
        return random.Next(30) switch
        {
            0 => Bytes(Pick(Json)),
            1 => Bytes(text[..random.Next(text.Length)]),
            2 => Bytes(text + Pick(["x", ",", "{}", "\0", " null", "//"])),
            3 => Encoding.Unicode.GetBytes(text),
            4 => [0xef, 0xbb, 0xbf, .. Bytes(text)],
            5 => Broken(Bytes(text)),
            6 => Bytes(new string('[', random.Next(1, 6000))),
            7 => Bytes(text + new string(' ', random.Next(60_000, 140_000))),
            8 => [],
            9 => Bytes($"[{text}]"),
            _ => Bytes(text),
        };
    }

    private byte[] Broken(byte[] bytes)
    {
        for (var times = random.Next(1, 4); times > 0 && bytes.Length > 0; times--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    /// <summary>What an honest client might send for a member of that name, or almost.</summary>
    private string Plausible(JsonElement schema, string name, JsonElement? shown, string? refreshToken)
    {
        var type = schema.TryGetProperty("type", out var said) ? said.ToString() : "";
        if (type.Contains("boolean", StringComparison.Ordinal))
        {
            return Once(2) ? "true" : "false";
        }

        if (type.Contains("array", StringComparison.Ordinal))
        {
            return Pick(["[]", "[\"user\"]", "[\"admin\"]", "[\"user\",\"user\"]", "[\"stats.read\"]", "[\"accounts.read\",\"audit.read\"]", JsonSerializer.Serialize(_ids.Take(2)), .. shown is { } list ? new[] { list.GetRawText() } : []]);
        }

        if (!type.Contains("string", StringComparison.Ordinal))
        {
            return shown is { } example && Once(2) ? example.GetRawText() : "{\"id\":\"AQID\",\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{},\"clientExtensionResults\":{}}";
        }

        var text = name switch
        {
            "email" or "login" when Once(2) && _ids.Count > 0 => Pick(_ids),
            "email" or "login" => $"fresh{++_fresh}@example.org",
            "username" or "name" => $"fresh{++_fresh}",
            "password" or "current_password" or "new_password" => Password,
            "refresh_token" => refreshToken ?? "nonsense",
            "method" => Pick(["totp", "passkey", "recovery_code", "email_code"]),
            "code" => "123456",
            _ => shown is { ValueKind: JsonValueKind.String } example ? example.GetString()! : "Alice",
        };
        return JsonSerializer.Serialize(Once(10) ? text + Pick(["\n", " ", "\0", "\u202e", "a", new string('a', 300)]) : text);
    }

    private string Value() => random.Next(10) switch
    {
        < 5 => JsonSerializer.Serialize(Text()),
        < 9 => Pick(Json),
        _ => new string('[', random.Next(1, 3000)) + (Once(2) ? "1" : ""),
    };

    private string Text() => random.Next(20) switch
    {
        0 => string.Concat(Enumerable.Repeat(Pick(Texts), random.Next(1, 300))),
        1 => new string((char)random.Next(32, 0xd800), random.Next(1, 20_000)),
        2 => string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => new Rune(random.Next(0xe000, 0x110000)).ToString())),
        3 => Pick(Texts) + Pick(Texts),
        4 when _ids.Count > 0 => Pick(_ids) + Pick(Texts),
        _ => Pick(Texts),
    };

    private static string Escaped(string text) => Uri.EscapeDataString(text.Length > 1000 ? text[..1000] : text);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private string Pick(IReadOnlyList<string> from) => from[random.Next(from.Count)];

    private bool Once(int inSoMany) => random.Next(inSoMany) == 0;
}
