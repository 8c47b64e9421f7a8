using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>
/// An app that verifies access tokens by itself, with the framework's ECDSA and none of our code: it reads the published keys, keeps them exactly as long as
/// their Cache-Control allows, and asks again in between only for a key that it doesn't know, at most twice a minute.
/// </summary>
public sealed class OfflineVerifier(Func<Task<Answer>> askForKeys, TimeProvider clock)
{
    private static readonly TimeSpan RescuePause = TimeSpan.FromSeconds(30);

    private Dictionary<string, ECDsa> _keys = [];
    private DateTimeOffset _askedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _keptUntil = DateTimeOffset.MinValue;

    public int Verified { get; private set; }

    public int Fetched { get; private set; }

    /// <summary>How often it had to ask because it met a key that it didn't know: of a planned rotation nobody notices even that.</summary>
    public int Rescued { get; private set; }

    public List<string> Refused { get; } = [];

    public HashSet<string> Signers { get; } = [];

    public async Task VerifyAsync(string token)
    {
        if (clock.GetUtcNow() >= _keptUntil)
        {
            await FetchAsync();
        }

        var (signed, signature) = (token[..token.LastIndexOf('.')], token[(token.LastIndexOf('.') + 1)..]);
        var kid = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, token.IndexOf('.')))).RootElement.GetProperty("kid").GetString()!;
        if (!_keys.ContainsKey(kid) && clock.GetUtcNow() - _askedAt >= RescuePause)
        {
            Rescued++;
            await FetchAsync();
        }

        if (_keys.TryGetValue(kid, out var key) && key.VerifyData(Encoding.ASCII.GetBytes(signed), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256))
        {
            Verified++;
            Signers.Add(kid);
        }
        else
        {
            Refused.Add($"{clock.GetUtcNow():HH:mm:ss} {kid}, known: {string.Join(", ", _keys.Keys)}, asked at {_askedAt:HH:mm:ss}");
        }
    }

    private async Task FetchAsync()
    {
        var answer = (await askForKeys()).Expect(HttpStatusCode.OK);
        Fetched++;
        _askedAt = clock.GetUtcNow();
        _keptUntil = _askedAt + TimeSpan.FromSeconds(int.Parse(answer.Header("Cache-Control")!.Split("max-age=")[1], CultureInfo.InvariantCulture));
        _keys = answer.Json.GetProperty("keys").EnumerateArray().ToDictionary(key => key.GetProperty("kid").GetString()!, key => ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Base64Url.DecodeFromChars(key.GetProperty("x").GetString()), Y = Base64Url.DecodeFromChars(key.GetProperty("y").GetString()) },
        }));
    }
}
