using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Otp;

//   step    = floor(Unix seconds / 30)                                          RFC 6238 section 4.2, T0 = 0, X = 30
//   digest  = HMAC-SHA-1(secret, step as 8 bytes, big-endian)                   RFC 4226 section 5.2
//   offset  = digest[19] & 15
//   number  = 31 bits of digest[offset .. offset + 3], the sign bit cleared     RFC 4226 section 5.3
//   code    = number mod 10^6, six digits
//
// SHA-1 is what every authenticator app can do; many ignore "algorithm" and would show codes that fail. HMAC does not need collision resistance.

/// <summary>
/// The secret of an authenticator app, and its codes. Source: RFC 6238 over RFC 4226, with HMAC-SHA-1, 30 seconds and six digits. Which steps
/// have been used is the caller's to keep.
/// </summary>
public sealed class TotpSecret
{
    /// <summary>The length of a new secret: 160 bits (RFC 4226 section 4, R6).</summary>
    public const int SizeInBytes = 20;

    /// <summary>How long a code is the current one.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    /// <summary>How many digits a code has.</summary>
    public const int Digits = 6;

    private readonly byte[] _bytes;

    private TotpSecret(byte[] bytes) => _bytes = bytes;

    /// <summary>A new secret from the operating system's random source.</summary>
    public static TotpSecret New() => new(RandomNumberGenerator.GetBytes(SizeInBytes));

    /// <summary>Takes a copy of a secret that is already there, such as one that was imported.</summary>
    /// <param name="bytes">16 to 128 bytes: the lower bound is RFC 4226's R6.</param>
    /// <exception cref="ArgumentException">The secret is shorter or longer.</exception>
    public static TotpSecret From(ReadOnlySpan<byte> bytes) => bytes.Length is >= 16 and <= 128
        ? new([.. bytes])
        : throw new ArgumentException("A secret has 16 to 128 bytes.", nameof(bytes));

    /// <summary>The step that an instant lies in; negative before 1970.</summary>
    public static long StepAt(DateTimeOffset instant) => (long)Math.Floor(instant.ToUnixTimeSeconds() / Step.TotalSeconds);

    /// <summary>The six digits of a step.</summary>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 6238's default, and the only one that all authenticator apps know.")]
    public string CodeAt(long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> digest = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(_bytes, counter, digest);
        var number = BinaryPrimitives.ReadUInt32BigEndian(digest[(digest[^1] & 15)..]) & 0x7fffffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The step whose code was given, among the current one and its two neighbours (RFC 6238 section 5.2: a clock that is a little wrong, a person who
    /// types slowly), and only among those after <paramref name="lastUsed"/>: a code works once, and no older one after it. Where two of them show the
    /// same digits it is the newer, or those digits would work twice. Compares all three in constant time.
    /// </summary>
    /// <param name="code">What was typed; spaces in it are ignored.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="lastUsed">The step of the last code that was taken, or a number below all steps.</param>
    /// <returns>The step, which the caller must store as used before it believes the code; null when the code is none of them.</returns>
    public long? FindStep(string? code, DateTimeOffset now, long lastUsed)
    {
        if (code is not { Length: <= 16 } || code.Replace(" ", "", StringComparison.Ordinal) is not { Length: Digits } digits || !digits.All(char.IsAsciiDigit))
        {
            return null;
        }

        long? found = null;
        var current = StepAt(now);
        for (var step = current - 1; step <= current + 1; step++)
        {
            var isThis = CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(CodeAt(step)), System.Text.Encoding.ASCII.GetBytes(digits));
            found = isThis && step > lastUsed ? step : found;
        }

        return found;
    }

    /// <summary>The bytes, to be sealed before they are stored.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>As a person types it into an app: base32 without padding (RFC 4648 section 6).</summary>
    public string RevealBase32() => Base32Text.Encode(_bytes);

    /// <summary>As an app reads it from a QR code: the key URI format that all authenticator apps share.</summary>
    /// <param name="issuer">Whose account it is, shown above the code.</param>
    /// <param name="account">Which account it is, shown beside the code.</param>
    public string RevealUri(string issuer, string account) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(account)}?secret={RevealBase32()}&issuer={Uri.EscapeDataString(issuer)}&algorithm=SHA1&digits={Digits}&period={(int)Step.TotalSeconds}";

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[TOTP secret]";
}
