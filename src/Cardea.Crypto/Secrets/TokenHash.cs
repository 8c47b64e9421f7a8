using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cardea.Crypto.Secrets;

// What the database keeps of a secret token: plain SHA-256. A slow hash is for secrets that can be guessed; behind 256 random bits there is
// nothing to guess, and the hash can be the key of an index, which also takes the comparison of the secret itself out of reach of timing.

/// <summary>The SHA-256 of a secret token: the stored form, of which the token cannot be had back.</summary>
public readonly struct TokenHash : IEquatable<TokenHash>
{
    /// <summary>The size of the hash in bytes.</summary>
    public const int SizeInBytes = SHA256.HashSizeInBytes;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    private TokenHash(ReadOnlySpan<byte> hash)
    {
        _first = BinaryPrimitives.ReadUInt64BigEndian(hash);
        _second = BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
    }

    /// <summary>The hash of a text's UTF-8 bytes.</summary>
    public static TokenHash Of(ReadOnlySpan<char> text)
    {
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var buffer = size <= 1024 ? stackalloc byte[size] : new byte[size];
        return Of(buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
    }

    /// <summary>The hash of bytes.</summary>
    public static TokenHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SizeInBytes];
        SHA256.HashData(bytes, hash);
        return new TokenHash(hash);
    }

    /// <summary>Takes a stored hash, as <see cref="ToArray"/> gave it.</summary>
    /// <returns>False unless there are exactly 32 bytes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> stored, out TokenHash hash)
    {
        hash = stored.Length == SizeInBytes ? new TokenHash(stored) : default;
        return stored.Length == SizeInBytes;
    }

    /// <summary>The 32 bytes, for storing.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[SizeInBytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _first);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), _second);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), _third);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), _fourth);
        return bytes;
    }

    /// <summary>Compares in a time that does not depend on where the hashes differ.</summary>
    public bool Equals(TokenHash other) =>
        ((_first ^ other._first) | (_second ^ other._second) | (_third ^ other._third) | (_fourth ^ other._fourth)) == 0;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is TokenHash other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => _first.GetHashCode();

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[token hash]";

    /// <inheritdoc cref="Equals(TokenHash)" />
    public static bool operator ==(TokenHash left, TokenHash right) => left.Equals(right);

    /// <inheritdoc cref="Equals(TokenHash)" />
    public static bool operator !=(TokenHash left, TokenHash right) => !left.Equals(right);
}
