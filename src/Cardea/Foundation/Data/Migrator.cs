using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Data;

/// <summary>
/// Brings the schema up to this program's, once, however many nodes start together. There is no way back but a backup. Nodes of the version before may be
/// serving meanwhile, and do so until they are exchanged: a migration that they can't bear begins with a line <c>-- breaking: why</c>, and the changelog names it.
/// </summary>
public sealed partial class Migrator(Database database, TimeProvider clock, ILogger<Migrator> log)
{
    private const string Prefix = "Cardea.Migrations.";

    /// <returns>The names of the migrations that ran.</returns>
    /// <exception cref="DatabaseUnavailableException">The database belongs to a newer program, or an applied migration was another text.</exception>
    public Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation) => RunAsync(_ => true, cancellation);

    /// <summary>Runs a part of them: a backup is put back into the schema that it was taken from, and migrated from there.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(Predicate<Migration> isWanted, CancellationToken cancellation)
    {
        var ran = new List<string>();
        await database.MigrateAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync(database.Dialect.Types(
                    "CREATE TABLE IF NOT EXISTS schema_migrations (version {integer} PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at {integer} NOT NULL) {strict}"));
                var applied = await transaction.QueryAsync<Applied>("SELECT version, name, checksum FROM schema_migrations ORDER BY version");
                var known = Known();
                if (applied.FindLast(row => known.TrueForAll(migration => migration.Version != row.Version)) is { } foreign)
                {
                    throw new DatabaseUnavailableException(
                        $"The database is at schema {foreign.Version} ({foreign.Name}), which is newer than this program's {known[^1].Version}. Run the newer program, or restore a backup.");
                }

                foreach (var migration in known.Where(migration => isWanted(migration)))
                {
                    if (applied.Find(row => row.Version == migration.Version) is { } before)
                    {
                        Compare(migration, before);
                        continue;
                    }

                    await transaction.ExecuteAsync(database.Dialect.Types(migration.Text));
                    await transaction.ExecuteAsync(
                        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (@Version, @Name, @Checksum, @now)",
                        new { migration.Version, migration.Name, migration.Checksum, now = clock.GetUtcNow().ToUnixTimeMilliseconds() });
                    ran.Add(migration.Name);
                }
            },
            cancellation);
        ran.ForEach(LogRan);
        if (ran.Count == 0)
        {
            return ran;
        }

        foreach (var migration in Known().Where(migration => migration.Breaking is not null && ran.Contains(migration.Name)))
        {
            LogBreaking(migration.Name, migration.Breaking!);
        }

        return ran;
    }

    /// <summary>How the database stands to this program; changes nothing.</summary>
    public Task<SchemaState> StateAsync(CancellationToken cancellation) => database.ReadAsync(
        async scope =>
        {
            var known = Known();
            var tables = await scope.QueryAsync<(string Table, string Column)>(database.Dialect.Columns);
            if (tables.TrueForAll(row => row.Table != "schema_migrations"))
            {
                return new SchemaState([], [.. known.Select(migration => migration.Name)], [], [], []);
            }

            var applied = await scope.QueryAsync<Applied>("SELECT version, name, checksum FROM schema_migrations ORDER BY version");
            return new SchemaState(
                [.. applied.Select(row => row.Name)],
                [.. known.Where(migration => applied.TrueForAll(row => row.Version != migration.Version)).Select(migration => migration.Name)],
                [.. applied.Where(row => known.TrueForAll(migration => row.Version != migration.Version)).Select(row => row.Name)],
                [.. applied.Where(row => known.Exists(migration => row.Version == migration.Version && row.Checksum != migration.Checksum)).Select(row => row.Name)],
                [.. Made(known.Where(migration => applied.Exists(row => row.Version == migration.Version))).Except(tables.Select(row => row.Table))]);
        },
        cancellation);

    private static void Compare(Migration migration, Applied before)
    {
        if (before.Checksum != migration.Checksum)
        {
            throw new DatabaseUnavailableException($"Migration {migration.Name} is not the text that made this database.");
        }
    }

    /// <summary>The tables in the order in which they were made: what a table refers to stands before it.</summary>
    internal static List<string> TablesInOrder() => [.. Made(Known())];

    /// <summary>What the migrations made on both engines and none of them dropped or renamed; what one engine keeps for itself is an index.</summary>
    private static IEnumerable<string> Made(IEnumerable<Migration> migrations)
    {
        var text = string.Concat(migrations.Select(migration => migration.Text));
        return Tables(Dialect.Sqlite).Intersect(Tables(Dialect.Postgres)).Where(table =>
            !text.Contains($"DROP TABLE {table};", StringComparison.Ordinal) && !text.Contains($"ALTER TABLE {table} RENAME TO", StringComparison.Ordinal));

        IEnumerable<string> Tables(Dialect dialect) => CreateTable().Matches(dialect.Types(text)).Select(match => match.Groups[1].Value);
    }

    internal static List<Migration> Known()
    {
        var assembly = typeof(Migrator).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return Read(name[Prefix.Length..^".sql".Length], reader.ReadToEnd().ReplaceLineEndings("\n"));
            })];
    }

    internal static Migration Read(string name, string text) => new(
        long.Parse(name[..4], System.Globalization.CultureInfo.InvariantCulture), name, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))))
    {
        Breaking = BreakingLine().Match(text) is { Success: true } line ? line.Groups[1].Value : null,
    };

    [GeneratedRegex(@"^CREATE TABLE (\w+)", RegexOptions.Multiline)]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"\A-- breaking: (.+)$", RegexOptions.Multiline)]
    private static partial Regex BreakingLine();

    [LoggerMessage(1, LogLevel.Information, "Migrated the database: {Migration}")]
    private partial void LogRan(string migration);

    [LoggerMessage(2, LogLevel.Warning, "{Migration} is not for nodes of an older version, which must be stopped: {Reason}")]
    private partial void LogBreaking(string migration, string reason);

    internal sealed record Migration(long Version, string Name, string Text, string Checksum)
    {
        /// <summary>Why a node of the version before can't go on serving; null when it can.</summary>
        public string? Breaking { get; init; }
    }

    private sealed record Applied(long Version, string Name, string Checksum);
}

/// <param name="Applied">Migrations that have run.</param>
/// <param name="Missing">This program's that have not.</param>
/// <param name="Foreign">Ones that this program doesn't know: a newer one was here.</param>
/// <param name="Changed">Ones whose text was another when they ran.</param>
/// <param name="LostTables">Tables that they made and that are not there.</param>
public sealed record SchemaState(
    IReadOnlyList<string> Applied, IReadOnlyList<string> Missing, IReadOnlyList<string> Foreign, IReadOnlyList<string> Changed, IReadOnlyList<string> LostTables);
