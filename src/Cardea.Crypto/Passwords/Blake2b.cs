using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// BLAKE2b without a key (RFC 7693), which Argon2 uses at its two ends and the base class library does not have.
//
//   state h[0..7]    the initial values, h[0] mixed with the parameter block 0x0101kknn (kk = 0 key bytes, nn digest bytes)
//   message          blocks of 16 little-endian words, the last one padded with zeros
//   compress         12 rounds over v[0..15] = h ‖ iv, with the byte counter in v[12..13] and the last-block flag in v[14]
//
// It runs a few dozen times per password, against tens of thousands of Argon2 blocks, so this form is plain rather than fast.
internal ref struct Blake2b
{
    private const int BlockBytes = 128;
    internal const int MaxDigestBytes = 64;

    [InlineArray(8)]
    private struct ChainWords
    {
        private ulong _first;
    }

    [InlineArray(BlockBytes)]
    private struct PendingBlock
    {
        private byte _first;
    }

    private static ReadOnlySpan<ulong> InitialValues =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    // RFC 7693, section 2.7: the order in which each round takes the message words. Rounds 10 and 11 repeat rows 0 and 1.
    private static ReadOnlySpan<byte> MessageOrder =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    private readonly int _digestBytes;
    private ChainWords _chain;
    private PendingBlock _pending;
    private int _pendingBytes;
    private ulong _hashedBytes;

    internal Blake2b(int digestBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digestBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digestBytes, MaxDigestBytes);
        _digestBytes = digestBytes;
        InitialValues.CopyTo(_chain);
        _chain[0] ^= 0x01010000UL ^ (uint)digestBytes;
    }

    internal void Append(scoped ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            // A full block waits until more data shows that it is not the last one, because the last one is flagged.
            if (_pendingBytes == BlockBytes)
            {
                CompressPending(isLast: false);
            }

            var taken = Math.Min(BlockBytes - _pendingBytes, data.Length);
            data[..taken].CopyTo(((Span<byte>)_pending)[_pendingBytes..]);
            _pendingBytes += taken;
            data = data[taken..];
        }
    }

    internal void AppendLittleEndian(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Append(bytes);
    }

    /// <summary>Writes the digest and wipes the state, which had the password in its buffer. The value is spent afterwards.</summary>
    internal void Finish(scoped Span<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, _digestBytes);
        ((Span<byte>)_pending)[_pendingBytes..].Clear();
        CompressPending(isLast: true);

        Span<byte> words = stackalloc byte[MaxDigestBytes];
        for (var i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(words[(8 * i)..], _chain[i]);
        }

        words[..digest.Length].CopyTo(digest);
        CryptographicOperations.ZeroMemory(words);
        CryptographicOperations.ZeroMemory(_pending);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<ulong>)_chain));
    }

    internal static void Hash(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        var blake = new Blake2b(digest.Length);
        blake.Append(data);
        blake.Finish(digest);
    }

    private void CompressPending(bool isLast)
    {
        // The counter is 128 bits wide in the RFC; no input here comes near 2^64 bytes, so its high word stays zero.
        _hashedBytes += (ulong)_pendingBytes;
        _pendingBytes = 0;

        Span<ulong> message = stackalloc ulong[16];
        for (var i = 0; i < message.Length; i++)
        {
            message[i] = BinaryPrimitives.ReadUInt64LittleEndian(((Span<byte>)_pending)[(8 * i)..]);
        }

        Span<ulong> v = stackalloc ulong[16];
        ((Span<ulong>)_chain).CopyTo(v);
        InitialValues.CopyTo(v[8..]);
        v[12] ^= _hashedBytes;
        v[14] = isLast ? ~v[14] : v[14];

        for (var round = 0; round < 12; round++)
        {
            var order = MessageOrder.Slice(round % 10 * 16, 16);
            Mix(v, 0, 4, 8, 12, message[order[0]], message[order[1]]);
            Mix(v, 1, 5, 9, 13, message[order[2]], message[order[3]]);
            Mix(v, 2, 6, 10, 14, message[order[4]], message[order[5]]);
            Mix(v, 3, 7, 11, 15, message[order[6]], message[order[7]]);
            Mix(v, 0, 5, 10, 15, message[order[8]], message[order[9]]);
            Mix(v, 1, 6, 11, 12, message[order[10]], message[order[11]]);
            Mix(v, 2, 7, 8, 13, message[order[12]], message[order[13]]);
            Mix(v, 3, 4, 9, 14, message[order[14]], message[order[15]]);
        }

        for (var i = 0; i < 8; i++)
        {
            _chain[i] ^= v[i] ^ v[i + 8];
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(message));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(v));
    }

    // RFC 7693, section 3.1: the mixing function G.
    private static void Mix(Span<ulong> v, int a, int b, int c, int d, ulong x, ulong y)
    {
        v[a] += v[b] + x;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 32);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 24);
        v[a] += v[b] + y;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 63);
    }
}
