using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Web;

namespace Cardea.Features.Backups;

//   A backup is a ZIP archive:
//     tables/NAME.jsonl    a line for each row: a JSON array of its values in the order of the manifest's columns;
//                          integers as numbers, texts as strings, bytes as {"b":"base64"}
//     manifest.json        written last: what is below, sealed by a keyed hash under the master key
//
//   Nothing in it belongs to one engine, so it can be put back into the other.

/// <summary>What a backup holds, so that a broken, a foreign or a changed one is refused before anything of it is believed.</summary>
public sealed record BackupManifest(
    int Format, string Version, DateTimeOffset MadeAt, IReadOnlyList<BackupMigration> Migrations, IReadOnlyList<BackupTable> Tables, string Seal)
{
    public const int CurrentFormat = 1;
    public const string EntryName = "manifest.json";
}

public sealed record BackupMigration(string Name, string Checksum);

/// <param name="Sha256">Of the uncompressed lines, in hexadecimal digits.</param>
public sealed record BackupTable(string Name, IReadOnlyList<string> Columns, long Rows, string Sha256)
{
    public string EntryName => EntryNameOf(Name);

    public static string EntryNameOf(string table) => $"tables/{table}.jsonl";
}

/// <summary>
/// Binds a backup to the master key: what is in it can be used under that key alone, and put back under another one it would look like an
/// outage of every sign-in.
/// </summary>
public sealed class BackupSeal(MasterKey masterKey)
{
    private readonly byte[] _key = masterKey.Derive("backups");

    public BackupManifest Seal(BackupManifest manifest) => manifest with { Seal = Convert.ToHexStringLower(Hash(manifest)) };

    public bool Holds(BackupManifest manifest) => CryptographicOperations.FixedTimeEquals(Convert.FromHexString(Seal(manifest).Seal), Hex(manifest.Seal));

    private static byte[] Hex(string text)
    {
        var bytes = new byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(text, bytes, out _, out _) is System.Buffers.OperationStatus.Done ? bytes : [];
    }

    private byte[] Hash(BackupManifest manifest) => HMACSHA256.HashData(_key, JsonSerializer.SerializeToUtf8Bytes(manifest with { Seal = "" }, CardeaJson.Writing));
}
