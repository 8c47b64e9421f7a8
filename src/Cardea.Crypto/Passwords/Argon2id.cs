using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

/// <summary>The number is the type field y of RFC 9106. Only Argon2id is offered outside; the others serve its test vectors.</summary>
internal enum Argon2Variant
{
    D = 0,
    I = 1,
    Id = 2,
}

/// <summary>The inputs of RFC 9106, section 3.1, besides the tag length, which the output says.</summary>
internal readonly ref struct Argon2Input
{
    internal Argon2Variant Variant { get; init; }

    internal required Argon2Parameters Parameters { get; init; }

    internal ReadOnlySpan<byte> Password { get; init; }

    internal ReadOnlySpan<byte> Salt { get; init; }

    internal ReadOnlySpan<byte> Secret { get; init; }

    internal ReadOnlySpan<byte> AssociatedData { get; init; }
}

// Argon2 version 0x13 (RFC 9106, section 3.2):
//
//   H0       = BLAKE2b-64( LE32(p) ‖ LE32(tag bytes) ‖ LE32(m) ‖ LE32(t) ‖ LE32(0x13) ‖ LE32(y)
//                          ‖ LE32(|P|) ‖ P ‖ LE32(|S|) ‖ S ‖ LE32(|K|) ‖ K ‖ LE32(|X|) ‖ X )
//   B[l][0]  = H'1024( H0 ‖ LE32(0) ‖ LE32(l) )
//   B[l][1]  = H'1024( H0 ‖ LE32(1) ‖ LE32(l) )
//   …          Argon2Filling
//   C        = B[0][q-1] ^ … ^ B[p-1][q-1]
//   tag      = H'( C )
//
// H' is BLAKE2b stretched to any length (section 3.3).

/// <summary>The Argon2id function itself. Passwords go through <see cref="PasswordHasher"/>.</summary>
public static class Argon2id
{
    internal const int Version = 0x13;
    internal const int BlockBytes = 1024;
    internal const int MinSaltBytes = 8;
    internal const int MinTagBytes = 4;

    private const int SeedBytes = 64;

    /// <summary>Fills <paramref name="tag"/>. The arena holds traces of the password until it is cleared.</summary>
    public static void Derive(
        Argon2Parameters parameters, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> tag, Argon2Arena arena) =>
        Derive(
            new Argon2Input { Variant = Argon2Variant.Id, Parameters = parameters, Password = password, Salt = salt },
            tag, arena, FastestKernel);

    internal static Argon2Kernel FastestKernel =>
        IsSupported(Argon2Kernel.Avx512) ? Argon2Kernel.Avx512
        : IsSupported(Argon2Kernel.Avx2) ? Argon2Kernel.Avx2
        : IsSupported(Argon2Kernel.Vector128) ? Argon2Kernel.Vector128
        : Argon2Kernel.Scalar;

    internal static bool IsSupported(Argon2Kernel kernel) => kernel switch
    {
        Argon2Kernel.Avx512 => Argon2Avx512Kernel.IsSupported,
        Argon2Kernel.Avx2 => Argon2Avx2Kernel.IsSupported,
        Argon2Kernel.Vector128 => Argon2Vector128Kernel.IsSupported,
        Argon2Kernel.Scalar => Argon2ScalarKernel.IsSupported,
        _ => throw new ArgumentOutOfRangeException(nameof(kernel)),
    };

    internal static void Derive(Argon2Input input, Span<byte> tag, Argon2Arena arena, Argon2Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(arena);
        input.Parameters.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Salt.Length, MinSaltBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(tag.Length, MinTagBytes);
        if (!IsSupported(kernel))
        {
            throw new PlatformNotSupportedException($"This processor cannot run the {kernel} kernel.");
        }

        switch (kernel)
        {
            case Argon2Kernel.Avx512:
                Derive<Argon2Avx512Kernel>(input, tag, arena);
                break;
            case Argon2Kernel.Avx2:
                Derive<Argon2Avx2Kernel>(input, tag, arena);
                break;
            case Argon2Kernel.Vector128:
                Derive<Argon2Vector128Kernel>(input, tag, arena);
                break;
            default:
                Derive<Argon2ScalarKernel>(input, tag, arena);
                break;
        }

        // The filling works on bare pointers; without this the arena could be collected, and unmapped, under it.
        GC.KeepAlive(arena);
    }

    private static void Derive<TKernel>(Argon2Input input, Span<byte> tag, Argon2Arena arena)
        where TKernel : struct, IArgon2Kernel
    {
        Span<byte> seed = stackalloc byte[SeedBytes + sizeof(int) + sizeof(int)];
        Span<byte> block = stackalloc byte[BlockBytes];
        Span<ulong> words = stackalloc ulong[BlockBytes / sizeof(ulong)];
        HashInputs(input, tag.Length, seed[..SeedBytes]);

        var filling = new Argon2Filling<TKernel>(input.Variant, input.Parameters, arena);
        for (var lane = 0; lane < input.Parameters.Parallelism; lane++)
        {
            for (var index = 0; index < 2; index++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(seed[SeedBytes..], index);
                BinaryPrimitives.WriteInt32LittleEndian(seed[(SeedBytes + sizeof(int))..], lane);
                HashToLength(seed, block);
                ReadWords(block, words);
                filling.StoreBlock(lane, index, words);
            }
        }

        filling.Fill();
        filling.XorLastBlocks(words);
        WriteWords(words, block);
        HashToLength(block, tag);

        CryptographicOperations.ZeroMemory(seed);
        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words));
    }

    private static void HashInputs(Argon2Input input, int tagBytes, Span<byte> seed)
    {
        var blake = new Blake2b(SeedBytes);
        blake.AppendLittleEndian(input.Parameters.Parallelism);
        blake.AppendLittleEndian(tagBytes);
        blake.AppendLittleEndian(input.Parameters.MemoryKiB);
        blake.AppendLittleEndian(input.Parameters.Iterations);
        blake.AppendLittleEndian(Version);
        blake.AppendLittleEndian((int)input.Variant);
        AppendWithLength(ref blake, input.Password);
        AppendWithLength(ref blake, input.Salt);
        AppendWithLength(ref blake, input.Secret);
        AppendWithLength(ref blake, input.AssociatedData);
        blake.Finish(seed);
    }

    private static void AppendWithLength(ref Blake2b blake, ReadOnlySpan<byte> data)
    {
        blake.AppendLittleEndian(data.Length);
        blake.Append(data);
    }

    // Section 3.3, H': up to 64 bytes are one BLAKE2b of that length; longer output is a chain V1, V2, … of 64-byte digests of which
    // the first half is given out, except for the last one, which is given out whole.
    private static void HashToLength(ReadOnlySpan<byte> data, Span<byte> output)
    {
        var link = Math.Min(output.Length, Blake2b.MaxDigestBytes);
        Span<byte> digest = stackalloc byte[link];
        var blake = new Blake2b(link);
        blake.AppendLittleEndian(output.Length);
        blake.Append(data);
        blake.Finish(digest);

        const int half = Blake2b.MaxDigestBytes / 2;
        Span<byte> next = stackalloc byte[Blake2b.MaxDigestBytes];
        while (output.Length > Blake2b.MaxDigestBytes)
        {
            digest[..half].CopyTo(output);
            output = output[half..];
            link = Math.Min(output.Length, Blake2b.MaxDigestBytes);
            Blake2b.Hash(digest, next[..link]);
            next[..link].CopyTo(digest);
        }

        digest[..output.Length].CopyTo(output);
        CryptographicOperations.ZeroMemory(digest);
        CryptographicOperations.ZeroMemory(next);
    }

    private static void ReadWords(ReadOnlySpan<byte> block, Span<ulong> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(block[(sizeof(ulong) * i)..]);
        }
    }

    private static void WriteWords(ReadOnlySpan<ulong> words, Span<byte> block)
    {
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block[(sizeof(ulong) * i)..], words[i]);
        }
    }
}
