using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;

namespace Cardea.Features.Transfers;

/// <summary>
/// What a row is remembered by: a keyed hash of the system it comes from, its id there and its address. The id alone would not do, since two systems may
/// both have an account 1; nor the address in clear, since it would outlive the account.
/// </summary>
internal sealed class SourceKey(MasterKey masterKey)
{
    private readonly byte[] _key = masterKey.Derive("imported rows");

    public byte[] Of(string system, string? id, string email)
    {
        // No part can hold a line feed: ids with one are refused.
        return HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{system}\n{id}\n{email}"));
    }

    /// <summary>Enough to tell rows of one run apart, and small enough to remember all of them.</summary>
    public static UInt128 Short(byte[] hash) => BinaryPrimitives.ReadUInt128BigEndian(hash);

    public UInt128 Short(string text) => Short(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));
}
