using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Passkeys;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>
/// Messages that are almost right: bits turned, pieces missing or twice, CBOR that nests or claims to be long, JSON of another kind. None is an error
/// of the server's and none is believed. <c>CARDEA_TEST_MESSAGES=100000</c> runs so many; without it a few thousand.
/// </summary>
public sealed class PasskeyFuzzChecks
{
    private static readonly int Messages = int.TryParse(Environment.GetEnvironmentVariable("CARDEA_TEST_MESSAGES"), NumberStyles.None, CultureInfo.InvariantCulture, out var many) ? many : 5000;

    private static readonly string[] Strange =
        ["null", "[]", "{}", "\"\"", "0", "-1", "1e999", "true", "\"\\ud800\"", "\"\\u0000\"", "\"AA==\"", "\"A\"", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "{\"\\ud800\":1}", "{\"a\":1,\"a\":2}"];

    private readonly PasskeyVerifier _verifier = new(new PublicUrl(new Uri("https://id.example.org"), null!), new Branding());

    [Fact]
    public async Task PK_09_No_mutated_message_breaks_the_verifier_or_is_believed()
    {
        var random = new Random(20260101);
        var challenge = Encoding.ASCII.GetBytes(new string('c', 64));
        var options = JsonSerializer.SerializeToElement(new { challenge = SoftPasskey.Text(challenge), rp = new { id = "id.example.org" }, user = new { id = SoftPasskey.Text("handle"u8.ToArray()) } });
        var passkey = new SoftPasskey { Origin = "https://id.example.org", SignCount = 7 };
        var (registration, assertion) = (passkey.Create(options), passkey.Get(options));
        var made = (await RegisterAsync(registration.ToJsonString()))!;
        var stored = new Passkey { Id = "1", AccountId = "1", CredentialId = made.CredentialId, PublicKey = made.PublicKey, Name = "", Transports = "", SignCount = 6 };
        Assert.True(await SignsInAsync(assertion.ToJsonString()));

        var (begun, before, changed) = (Stopwatch.GetTimestamp(), GC.GetTotalMemory(forceFullCollection: true), 0);
        for (var i = 0; i < Messages / 2; i++)
        {
            // Nothing of a registration without attestation is signed: what may be taken is the same key under the same id, with other words about it.
            var message = Mutate(registration, random);
            if (await RegisterAsync(message) is { } believed)
            {
                Assert.True(believed.CredentialId.AsSpan().SequenceEqual(made.CredentialId) && believed.PublicKey.AsSpan().SequenceEqual(made.PublicKey), message);
                changed++;
            }

            message = Mutate(assertion, random);
            Assert.False(await SignsInAsync(message) && !Same(message, assertion), message);
        }

        Assert.True(changed < Messages / 4, "Hardly a message was mutated where it matters.");
        Assert.True(Stopwatch.GetElapsedTime(begun).TotalMilliseconds / Messages < 20, $"{Stopwatch.GetElapsedTime(begun).TotalMilliseconds / Messages} ms a message");
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 32 * 1024 * 1024, "Memory has grown.");

        async Task<NewCredential?> RegisterAsync(string json) =>
            PasskeyCredential.ParseNew(PasskeyCredential.Read(json)) is { } credential ? await _verifier.VerifyNewAsync(credential, challenge, "handle") : null;

        async Task<bool> SignsInAsync(string json) => PasskeyCredential.ParseAsserted(PasskeyCredential.Read(json)) is { } credential
            && await _verifier.VerifyAsync(credential, challenge, stored, "handle", isIdentified: false, mustVerify: true) is AssertionVerdict.Accepted;
    }

    [Fact]
    public async Task PK_09_Through_the_door_a_mutated_message_is_refused_and_nothing_else()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "127.0.0.1"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice);
        var creation = (await alice.PostAsync("/users/me/passkeys/options")).Json;
        var (registration, assertion) = (new PasskeyHolder(app).Passkey.Create(creation), phone.Passkey.Get(await PasskeyHolder.OptionsAsync(alice)));
        var (random, sessions) = (new Random(20260102), await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        for (var i = 0; i < Messages / 5; i++)
        {
            var isNew = i % 2 == 0;
            var message = Mutate(isNew ? registration : assertion, random);
            if (Same(message, isNew ? registration : assertion))
            {
                continue;
            }

            var answer = await alice.SendAsync(HttpMethod.Post, isNew ? "/users/me/passkeys" : "/auth/passkey/login", $$"""{"credential":{{message}}}""", isNew,
                request => request.Headers.Add("X-Forwarded-For", $"198.51.{i / 250 % 250}.{i % 250}"));
            if (isNew && answer.Status is HttpStatusCode.Created)
            {
                creation = (await alice.PostAsync("/users/me/passkeys/options")).Json; // the same key with other words about it
                registration = new PasskeyHolder(app).Passkey.Create(creation);
                (await alice.DeleteAsync("/users/me/passkeys/" + answer.Member("id"))).Expect(HttpStatusCode.OK);
                continue;
            }

            Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge || (!isNew && answer.Status is HttpStatusCode.Unauthorized), $"{(int)answer.Status} to {message}");
        }

        Assert.Equal(sessions, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        (await PasskeyHolder.TrySignInAsync(app.NewActor(), assertion)).Expect(HttpStatusCode.OK); // refused ones have used nothing up
    }

    private static string Mutate(JsonObject credential, Random random)
    {
        var mutated = (JsonObject)credential.DeepClone();
        var response = mutated["response"]!.AsObject();
        var member = random.Next(6) == 0 ? "id" : response.Select(one => one.Key).Where(key => key != "transports").ElementAt(random.Next(response.Count(one => one.Key != "transports")));
        var place = member == "id" ? mutated : response;
        switch (random.Next(8))
        {
            case 0:
                return Text(mutated, random);
            case 1:
                place.Remove(member);
                return mutated.ToJsonString();
            case 2:
                var text = mutated.ToJsonString();
                return text.Replace("\"" + place[member]!.GetValue<string>() + "\"", Strange[random.Next(Strange.Length)], StringComparison.Ordinal);
        }

        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(place[member]!.GetValue<string>());
        place[member] = SoftPasskey.Text(Bytes(bytes, random));
        if (member == "id" && random.Next(2) == 0)
        {
            mutated["rawId"] = mutated["id"]!.GetValue<string>();
        }

        return mutated.ToJsonString();
    }

    private static byte[] Bytes(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
        {
            return [(byte)random.Next(256)];
        }

        var at = random.Next(bytes.Length);
        var mutated = (byte[])bytes.Clone();
        switch (random.Next(8))
        {
            case 0:
                return bytes[..at];
            case 1:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
            case 2:
                return [.. bytes[..at], .. bytes[(at / 2)..]];
            case 3: // an array in an array in an array
                return [.. bytes[..at], .. Enumerable.Repeat((byte)0x81, random.Next(1, 4000)), .. bytes[at..]];
            case 4: // what claims to be longer than anything
                return [.. bytes[..at], (byte)(random.Next(8) << 5 | 27), 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. bytes[at..]];
            case 5: // what has no end
                return [.. bytes[..at], (byte)(random.Next(2, 6) << 5 | 31), .. bytes[at..]];
            default:
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                {
                    mutated[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return mutated;
        }
    }

    private static string Text(JsonObject credential, Random random)
    {
        var text = credential.ToJsonString();
        var at = random.Next(text.Length);
        return random.Next(4) switch
        {
            0 => text[..at],
            1 => text[..at] + (char)random.Next(32, 127) + text[(at + 1)..],
            2 => text[..at] + text[(at / 2)..],
            _ => text[..at] + Strange[random.Next(Strange.Length)] + text[at..],
        };
    }

    /// <summary>Whether what is read of a message is what is read of the original: a change of what nobody reads changes nothing.</summary>
    private static bool Same(string message, JsonObject original)
    {
        var isNew = original["response"]!.AsObject().ContainsKey("attestationObject");
        var (one, other) = isNew
            ? (PasskeyCredential.ParseNew(PasskeyCredential.Read(message)), PasskeyCredential.ParseNew(PasskeyCredential.Read(original.ToJsonString())))
            : (PasskeyCredential.ParseAsserted(PasskeyCredential.Read(message)), PasskeyCredential.ParseAsserted(PasskeyCredential.Read(original.ToJsonString())));
        return one is not null && one.ToJson() == other!.ToJson();
    }
}
