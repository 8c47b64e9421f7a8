using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;

namespace Cardea.Foundation.Web;

//   text:  base64url(16 bytes of MAC · position)        MAC = HMAC-SHA-256 over listing "\n" position, cut to 16 bytes

/// <summary>
/// Where a listing goes on, opaque to who holds it. It is authenticated and bound to the listing with its filters: one that was made up or belongs
/// to another listing is refused, and never reaches the database.
/// </summary>
public sealed class Cursors(MasterKey masterKey)
{
    private const int MacBytes = 16;
    private const int Longest = 512;

    private readonly byte[] _key = masterKey.Derive("cursors");

    /// <param name="listing">The listing and everything that filters it.</param>
    /// <param name="position">What the next page begins after.</param>
    public string Write(string listing, string position)
    {
        var text = Encoding.UTF8.GetBytes(position);
        return Base64UrlText.Encode([.. Mac(listing, position), .. text]);
    }

    public bool TryRead(string listing, string cursor, out string position)
    {
        position = "";
        if (cursor.Length > Longest)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Longest];
        if (!Base64UrlText.TryDecode(cursor, bytes, out var length) || length <= MacBytes)
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(bytes[MacBytes..length]);
        if (!CryptographicOperations.FixedTimeEquals(bytes[..MacBytes], Mac(listing, text)))
        {
            return false;
        }

        position = text;
        return true;
    }

    private byte[] Mac(string listing, string position) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{listing}\n{position}"))[..MacBytes];
}
