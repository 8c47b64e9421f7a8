using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cardea.Crypto.Secrets;

// The stored form:
//            ┌───────────────┬──────────────────┬───────────────┐
//   HMAC-SHA256 of  length   │ context          │ code          │      RFC 2104
//            │ 4 bytes, BE   │ UTF-8            │ 6 ASCII digits│
//            └───────────────┴──────────────────┴───────────────┘
// A million codes are hashed in a second, so a plain hash in a stolen database is the code itself; the key is not in the database. The context
// (what for, and whose) keeps a code of one row from serving in another; its length keeps "a1" + "23456…" apart from "a" + "123456…".

/// <summary>A six-digit code that a person copies from a mail or a message.</summary>
public sealed class NumericCode
{
    /// <summary>The number of digits.</summary>
    public const int Length = 6;

    private readonly string _digits;

    private NumericCode(string digits) => _digits = digits;

    /// <summary>A new code, each of 000000 to 999999 equally likely.</summary>
    // GetInt32 rejects and draws again, so there is no modulo bias.
    public static NumericCode New() => new(RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture));

    /// <summary>Reads exactly six ASCII digits; trimming and grouping are the door's business. Never throws.</summary>
    /// <returns>False, with a null code, for anything else, the digits of other scripts included.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out NumericCode? code)
    {
        var isCode = text is { Length: Length } && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
        code = isCode ? new NumericCode(text!) : null;
        return isCode;
    }

    /// <summary>The six digits: for the one message that hands them out.</summary>
    public string Reveal() => _digits;

    /// <summary>The stored form: 32 bytes of HMAC-SHA256. Compare with <see cref="CryptographicOperations.FixedTimeEquals"/>.</summary>
    /// <param name="key">At least 32 bytes, from <see cref="MasterKey.Derive"/>.</param>
    /// <param name="context">The purpose and the row the code belongs to, such as <c>email-code/&lt;row id&gt;</c>.</param>
    /// <exception cref="ArgumentException">The key is shorter than 32 bytes.</exception>
    public byte[] Mac(byte[] key, string context)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        if (key.Length < 32)
        {
            throw new ArgumentException("The key must be at least 32 bytes long.", nameof(key));
        }

        var contextLength = Encoding.UTF8.GetByteCount(context);
        var message = new byte[sizeof(int) + contextLength + Length];
        BinaryPrimitives.WriteInt32BigEndian(message, contextLength);
        Encoding.UTF8.GetBytes(context, message.AsSpan(sizeof(int)));
        Encoding.ASCII.GetBytes(_digits, message.AsSpan(sizeof(int) + contextLength));
        return HMACSHA256.HashData(key, message);
    }

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[code]";
}
