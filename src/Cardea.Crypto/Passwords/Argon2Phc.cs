using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Cardea.Crypto.Passwords;

// The PHC string format, as the reference implementation of Argon2 writes it:
//
//   $argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$dGFnLi4u
//                  │       │   │   │                      └ tag, 16 to 64 bytes
//                  │       │   │   └ salt, 8 to 64 bytes; both standard base64 without padding
//                  └───────┴───┴ decimal, no sign, no leading zero, in this order
//
// One hash has one text: what parses is written again and compared, so that stray bits at the end of base64, other spellings of a
// number and the like are refused. Costs out of bounds are refused before anything is decoded, so a planted "memory bomb"
// allocates nothing.

/// <summary>A stored Argon2id hash. Other Argon2 types and versions do not parse.</summary>
public sealed class Argon2Phc
{
    internal const string Head = "$argon2id$v=19$";
    private const int MinSaltBytes = 8;
    private const int MaxSaltBytes = 64;
    private const int MinTagBytes = 16;
    private const int MaxTagBytes = 64;

    // Head, "m=1048576,t=100,p=16" and two 64-byte values in base64 with their dollars.
    private const int MaxChars = 15 + 20 + 2 * (1 + 86);

    private readonly byte[] _salt;
    private readonly byte[] _tag;

    public Argon2Phc(Argon2Parameters parameters, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> tag)
    {
        parameters.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(salt.Length, MinSaltBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, MaxSaltBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(tag.Length, MinTagBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tag.Length, MaxTagBytes);
        Parameters = parameters;
        _salt = salt.ToArray();
        _tag = tag.ToArray();
    }

    public Argon2Parameters Parameters { get; }

    public ReadOnlySpan<byte> Salt => _salt;

    public ReadOnlySpan<byte> Tag => _tag;

    public static bool TryParse(string? text, [NotNullWhen(true)] out Argon2Phc? hash)
    {
        hash = null;
        if (text is null || text.Length > MaxChars || !text.StartsWith(Head, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text.AsSpan(Head.Length);
        if (!PhcText.TryTakeNumber(ref rest, "m=", ',', out var memoryKiB)
            || !PhcText.TryTakeNumber(ref rest, "t=", ',', out var iterations)
            || !PhcText.TryTakeNumber(ref rest, "p=", '$', out var parallelism))
        {
            return false;
        }

        var parameters = new Argon2Parameters(memoryKiB, iterations, parallelism);
        if (!parameters.IsWithinBounds
            || !PhcText.TryTakeLastTwoValues(rest, out var salt, out var tag)
            || salt.Length is < MinSaltBytes or > MaxSaltBytes
            || tag.Length is < MinTagBytes or > MaxTagBytes)
        {
            return false;
        }

        var candidate = new Argon2Phc(parameters, salt, tag);
        if (!string.Equals(candidate.ToString(), text, StringComparison.Ordinal))
        {
            return false;
        }

        hash = candidate;
        return true;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Head}m={Parameters.MemoryKiB},t={Parameters.Iterations},p={Parameters.Parallelism}${PhcText.Encode(_salt)}${PhcText.Encode(_tag)}");
}
