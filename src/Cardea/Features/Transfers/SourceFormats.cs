using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

/// <summary>Which kinds of sources there are, and how one is told from another.</summary>
internal static class SourceFormats
{
    public const string Csv = "csv";
    public const string JsonLines = "jsonl";
    public const string Keycloak = "keycloak";
    public const string Firebase = "firebase";
    public const string Identity = "aspnet-identity";

    public static readonly IReadOnlyList<string> All = [Csv, JsonLines, Keycloak, Firebase, Identity];

    /// <param name="fileOrConnectionString">What to import.</param>
    /// <param name="format">One of <see cref="All"/>; null to find out.</param>
    /// <exception cref="InvalidDataException">It is none of them.</exception>
    public static IAccountSource Open(string fileOrConnectionString, string? format, bool ignoreUnknown, FirebaseHashConfig? firebase, TimeProvider clock)
    {
        var file = fileOrConnectionString;
        if (!File.Exists(file))
        {
            return IsConnectionString(file) && format is Identity or null
                ? new IdentitySource(Engine.Postgres, file, clock)
                : throw new InvalidDataException($"There is no file {(IsConnectionString(file) ? "of that name" : file)}.");
        }

        return (format ?? Find(file)) switch
        {
            Csv => new CsvSource(file, ignoreUnknown),
            JsonLines => new JsonLinesSource(file, ignoreUnknown),
            Keycloak => new KeycloakSource(file),
            Firebase => new FirebaseSource(file, firebase),
            Identity => new IdentitySource(Engine.Sqlite, file, clock),
            _ => throw new InvalidDataException($"{file} is none of {string.Join(", ", All)} by its looks. --format says which it is."),
        };
    }

    /// <summary>By what is in it; the name decides only where that does not.</summary>
    private static string? Find(string file)
    {
        Span<byte> head = stackalloc byte[16];
        using (var stream = File.OpenRead(file))
        {
            if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("SQLite format 3\0"u8))
            {
                return Identity;
            }
        }

        var first = LineReader.Read(file).FirstOrDefault(line => line.IsTooLong || line.Bytes.Span.ContainsAnyExcept(" \t\r"u8));
        var isObject = first.Bytes.Span.TrimStart(" \t"u8).StartsWith("{"u8) || first.IsTooLong;
        if (isObject && JsonUsers.Peek(file) is { } user)
        {
            using (user.Document)
            {
                return user.Document?.RootElement.Member("localId") is not null ? Firebase : Keycloak;
            }
        }

        return isObject ? JsonLinesSource.IsObject(first) || Path.GetExtension(file) is ".jsonl" or ".ndjson" ? JsonLines : null
            : LineReader.Decode(first.Bytes) is { } text && !text.StartsWith('[') && (text.Contains("email", StringComparison.OrdinalIgnoreCase) || Path.GetExtension(file) is ".csv") ? Csv
            : null;
    }

    private static bool IsConnectionString(string text) =>
        text.Contains("Host=", StringComparison.OrdinalIgnoreCase) || text.Contains("Server=", StringComparison.OrdinalIgnoreCase);
}
