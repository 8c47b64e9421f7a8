using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Cardea.Crypto.Passwords;

// The pieces that PHC strings are made of: numbers with a name, and base64 of the standard alphabet without padding.
internal static class PhcText
{
    // Ten digits hold any 32-bit number; more would only be leading zeros or an overflow.
    private const int MaxDigits = 10;

    internal static string Encode(ReadOnlySpan<byte> value) => Convert.ToBase64String(value).TrimEnd('=');

    /// <summary>Takes "name" and a canonical decimal up to and including the end character; allocates nothing.</summary>
    internal static bool TryTakeNumber(ref ReadOnlySpan<char> rest, string name, char end, out int number)
    {
        number = 0;
        if (!rest.StartsWith(name, StringComparison.Ordinal))
        {
            return false;
        }

        var afterName = rest[name.Length..];
        var length = afterName.IndexOf(end);
        if (length < 0 || !TryParseNumber(afterName[..length], out number))
        {
            return false;
        }

        rest = afterName[(length + 1)..];
        return true;
    }

    /// <summary>Digits only, no leading zero. int.Parse would also take signs, and other styles under other settings.</summary>
    internal static bool TryParseNumber(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        if (digits.Length is 0 or > MaxDigits || (digits.Length > 1 && digits[0] == '0'))
        {
            return false;
        }

        var value = 0L;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        number = (int)Math.Min(value, int.MaxValue);
        return value <= int.MaxValue;
    }

    /// <summary>Splits "salt$tag", where the text must end.</summary>
    internal static bool TryTakeLastTwoValues(
        ReadOnlySpan<char> rest, [NotNullWhen(true)] out byte[]? salt, [NotNullWhen(true)] out byte[]? tag)
    {
        tag = null;
        var dollar = rest.IndexOf('$');
        salt = dollar < 0 ? null : Decode(rest[..dollar]);
        tag = salt is null ? null : Decode(rest[(dollar + 1)..]);
        return salt is not null && tag is not null;
    }

    /// <summary>Null unless the text is exactly what <see cref="Encode"/> writes.</summary>
    private static byte[]? Decode(ReadOnlySpan<char> text)
    {
        var padded = new char[(text.Length + 3) / 4 * 4];
        padded.AsSpan().Fill('=');
        text.CopyTo(padded);
        if (!Base64.IsValid(padded))
        {
            return null;
        }

        var bytes = Convert.FromBase64CharArray(padded, 0, padded.Length);
        return text.SequenceEqual(Encode(bytes)) ? bytes : null;
    }
}
