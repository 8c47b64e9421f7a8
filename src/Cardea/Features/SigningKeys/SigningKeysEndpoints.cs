using System.Globalization;
using System.Text.Json;
using Cardea.Crypto.Jose;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SigningKeys;

/// <summary>The body of the key set, for the OpenAPI document.</summary>
public sealed record KeySetBody(IReadOnlyList<PublicJwk> Keys);

public sealed class SigningKeysEndpoints(SigningKeyRing ring)
{
    public async Task<IResult> KeySetAsync(HttpContext http)
    {
        await ring.CurrentAsync(); // the very first request may be this one, and an empty set would be kept for minutes
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("keys");
            foreach (var key in await ring.PublishedAsync())
            {
                key.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        http.Response.Headers.CacheControl = "public, max-age=" + ((int)SigningKeyRing.KeySetMaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.AccessControlAllowOrigin = "*"; // public keys: any page may read them, and no credential is involved
        http.Response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        return Results.Bytes(buffer.ToArray(), "application/jwk-set+json");
    }
}
