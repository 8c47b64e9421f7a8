using System.Globalization;
using System.Text;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.House;

/// <summary>
/// `docs/reference` says what the program does, in its own words. With CARDEA_WRITE_REFERENCE=1 these tests write the files; without, they
/// compare.
/// </summary>
public sealed class ReferenceDocsTests
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("CARDEA_WRITE_REFERENCE") == "1";

    [Fact]
    public void Errors_md_lists_every_problem()
    {
        var text = Page("Errors", """
            Every refusal is RFC 9457 problem details (`application/problem+json`): `type`, `title`, `status`, `detail`, `code`, `error`, and `errors` where fields are
            wrong. Decide by `code`: it never changes. `error` repeats `detail`, one sentence fit to show a person. 429 and 503 carry `Retry-After`.
            """, "| code | status | title | detail |");
        foreach (var (_, problem) in RegistriesTests.Gather<Problem>().OrderBy(found => found.Value.Code, StringComparer.Ordinal).ThenBy(found => found.Value.Status))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{problem.Code}` | {problem.Status} | {problem.Title} | {problem.Detail} |\n");
        }

        Keep("errors.md", text.ToString());
    }

    [Fact]
    public void Audit_events_md_lists_every_event()
    {
        var text = Page("Audit events", """
            What the table `audit_events` remembers: `event`, when (`at`, milliseconds since 1970 in UTC), whose account, which session, from which address and user agent, under which
            request id, and more in `detail` (JSON). The names never change.
            """, "| event | meaning |");
        foreach (var (_, kind) in RegistriesTests.Gather<AuditKind>().OrderBy(found => found.Value.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{kind.Name}` | {kind.Meaning} |\n");
        }

        Keep("audit-events.md", text.ToString());
    }

    [Fact]
    public async Task Settings_md_lists_every_setting_with_its_default()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var text = Page("Settings", """
            Settings come from `appsettings.json`, `.env` in the working directory, environment variables (`Cardea__Section__Key`) and the command line (`--Cardea:Section:Key=value`); the later
            one wins. Lists are `Key:0`, `Key:1`, … or one value with commas. A key that is not in this table, and a value that is not allowed, end the start with code 2.
            """, "| key | default | meaning |");
        foreach (var setting in app.Services.GetRequiredService<SettingsReader>().Known)
        {
            Assert.True(setting.Meaning.Length > 0, $"{setting.Key} has no meaning.");
            var initial = setting.IsList ? "none" : setting.Default is null ? "unset" : $"`{setting.Default}`";
            text.Append(CultureInfo.InvariantCulture, $"| `{setting.Key}` | {(setting.Default is "" ? "empty" : initial)} | {setting.Meaning.Replace("|", "\\|")} |\n");
        }

        Keep("settings.md", text.ToString());
    }

    [Fact]
    public void Schema_sql_is_the_migrations_as_PostgreSQL_reads_them() => Keep(
        "schema.sql",
        "-- The tables as PostgreSQL has them. SQLite has the same, with INTEGER for BIGINT, BLOB for BYTEA, and STRICT;\n-- and account_search with what belongs to it, an index of parts of words, for accounts_by_words and accounts_by_parts.\n"
            + string.Concat(Migrator.Known().Select(migration => $"\n-- {migration.Name}\n{Tidy(Dialect.Postgres.Types(migration.Text))}\n")));

    /// <summary>A migration that has run somewhere must never read differently: a changed one is refused at the start.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task The_schema_of_the_page_is_the_schema_of_the_database(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var dialect = engine is Engine.Sqlite ? Dialect.Sqlite : Dialect.Postgres;

        var columns = await app.Database.QueryAsync<(string Table, string Column)>(dialect.Columns);

        var page = SourceTree.Read("docs/reference/schema.sql");
        Assert.True(columns.Count > 60, $"Only {columns.Count} columns were found.");
        SourceTree.AssertNone(
            columns.Where(column => column.Table is not "schema_migrations")
                .Where(column => !page.Contains($"ALTER TABLE {column.Table} ADD COLUMN {column.Column} ", StringComparison.Ordinal))
                .Where(column => page.IndexOf($"CREATE TABLE {column.Table} (", StringComparison.Ordinal) is var at
                    && (at < 0 || !page[at..page.IndexOf(");", at, StringComparison.Ordinal)].Contains($"    {column.Column} ", StringComparison.Ordinal)))
                .Select(column => $"{column.Table}.{column.Column}"),
            "docs/reference/schema.sql does not show these columns:");
    }

    private static string Tidy(string sql) => string.Join('\n', sql.ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(line => line.TrimEnd())).Replace(") ;", ");");

    private static StringBuilder Page(string title, string introduction, string head) =>
        new StringBuilder($"# {title}\n\n{introduction.ReplaceLineEndings("\n")}\n\n{head}\n")
            .Append(CultureInfo.InvariantCulture, $"|{string.Concat(Enumerable.Repeat("---|", head.Count(letter => letter == '|') - 1))}\n");

    private static void Keep(string name, string expected)
    {
        var path = Path.Combine(SourceTree.Root, "docs/reference", name);
        if (Writes)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
        }

        Assert.True(File.Exists(path), $"docs/reference/{name} is missing. Run the tests once with CARDEA_WRITE_REFERENCE=1.");
        var kept = File.ReadAllText(path).ReplaceLineEndings("\n");
        var line = kept.Split('\n').Zip(expected.Split('\n')).FirstOrDefault(pair => pair.First != pair.Second);
        Assert.True(kept == expected, $"docs/reference/{name} is not what the program does. Run the tests once with CARDEA_WRITE_REFERENCE=1.\n  it says:  {line.First}\n  it should: {line.Second}");
    }
}
