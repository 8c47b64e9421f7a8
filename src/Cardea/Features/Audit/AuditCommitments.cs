using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;

namespace Cardea.Features.Audit;

//   personal = HMAC-SHA256(salt, address ‖ user_agent ‖ detail)                                        16 random bytes of salt for each row
//   facts    = HMAC-SHA256(K, "row" ‖ id ‖ event ‖ at ‖ account ‖ actor ‖ session ‖ request ‖ personal)
//   erased   = HMAC-SHA256(K, "erased" ‖ account)
//   link     = HMAC-SHA256(K, "link" ‖ link before ‖ number ‖ event id ‖ facts)                        32 zero bytes before the first
//
//   K is derived from the master key. A text is its length in bytes, 4 bytes big-endian, and its UTF-8; no text is the length 2^32 - 1.
//   Numbers are 8 bytes big-endian.
//
// All is keyed, so who can write to the database, and has no master key, can't make a line that fits: neither for a row that was changed nor for
// one that was invented. What is left to such a one is to take away the newest rows with their lines; that shows against a checkpoint.
// Erasing a person drops the three personal values and the salt. The commitment to them stays, and can't be tried against guesses any more.

/// <summary>The keyed hashes that bind audit rows.</summary>
public sealed class AuditCommitments(MasterKey masterKey)
{
    private const int SaltInBytes = 16;

    private static readonly byte[] Beginning = new byte[HMACSHA256.HashSizeInBytes];

    private readonly byte[] _key = masterKey.Derive("audit chain");

    /// <summary>The line of a row that is being written; it is not sealed yet.</summary>
    public ChainLine Commit(AuditEvent row)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltInBytes);
        var personal = Personal(salt, row);
        return new() { EventId = row.Id, Facts = Facts(row, personal), Personal = personal, Salt = salt };
    }

    /// <summary>Whether the row is as it was written, or as erasing leaves it.</summary>
    public bool Holds(ChainLine line, AuditEvent row)
    {
        if (line.Facts is null || line.Personal is null || !Same(line.Facts, Facts(row, line.Personal)))
        {
            return false;
        }

        return line.Salt is { } salt
            ? Same(line.Personal, Personal(salt, row))
            : row is { Address: null, UserAgent: null, Detail: null, AccountId: { } account } && line.Erased is { } erased && Same(erased, Erased(account));
    }

    public byte[] Erased(string accountId) => Hash(_key, text => text.Add("erased").Add(accountId));

    public byte[] Link(ChainHead? before, long number, ChainLine line) =>
        Hash(_key, text => text.Add("link").Add(before?.Link ?? Beginning).Add(number).Add(line.EventId).Add(line.Facts));

    public static bool Same(byte[] left, byte[] right) => CryptographicOperations.FixedTimeEquals(left, right);

    private static byte[] Personal(byte[] salt, AuditEvent row) => Hash(salt, text => text.Add(row.Address).Add(row.UserAgent).Add(row.Detail));

    private byte[] Facts(AuditEvent row, byte[] personal) => Hash(_key, text => text
        .Add("row").Add(row.Id).Add(row.Event).Add(row.At).Add(row.AccountId).Add(row.ActorId).Add(row.SessionId).Add(row.RequestId).Add(personal));

    private static byte[] Hash(byte[] key, Action<Input> write)
    {
        var input = new Input();
        write(input);
        return HMACSHA256.HashData(key, input.Bytes);
    }

    /// <summary>Values one behind the other, so that no two lists of values give the same bytes.</summary>
    private sealed class Input
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

        public Input Add(string? text) => Add(text is null ? null : Encoding.UTF8.GetBytes(text));

        public Input Add(byte[]? value)
        {
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(length, value is null ? uint.MaxValue : (uint)value.Length);
            _bytes.Write(length);
            _bytes.Write(value);
            return this;
        }

        public Input Add(long number)
        {
            Span<byte> eight = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(eight, number);
            _bytes.Write(eight);
            return this;
        }
    }
}
