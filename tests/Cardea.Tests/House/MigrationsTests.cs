using System.Text.RegularExpressions;
using Cardea.Foundation.Data;

namespace Cardea.Tests.House;

/// <summary>
/// Nodes are exchanged one after the other, and the first new one migrates under those that still run the version before. So a migration only adds what they need not know of, or
/// says in its first line that they must be stopped, and then the changelog says it too.
/// </summary>
public sealed partial class MigrationsTests
{
    /// <summary>The last migration of the first version, which nothing runs beside.</summary>
    private const long First = 16;

    private static readonly string Changelog = File.ReadAllText(Path.Combine(SourceTree.Root, "CHANGELOG.md"));

    [Fact]
    public void A_migration_only_adds_or_says_that_older_nodes_must_be_stopped()
    {
        foreach (var migration in Migrator.Known().Where(migration => migration.Version > First))
        {
            Assert.True(migration.Breaking is not null || Changes(migration.Text).Count == 0, $"{migration.Name} begins with no `-- breaking: why`, and: {string.Join("; ", Changes(migration.Text))}");
        }

        Assert.All(Migrator.Known().Where(migration => migration.Breaking is not null), migration => Assert.Contains(migration.Name, Changelog, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CREATE TABLE t (a TEXT);\nCREATE UNIQUE INDEX t_by_a ON t (a);\nINSERT INTO t (a) VALUES ('x');", true)]
    [InlineData("ALTER TABLE accounts ADD COLUMN nickname TEXT;", true)]
    [InlineData("ALTER TABLE accounts ADD COLUMN level {integer} NOT NULL DEFAULT 0;", true)]
    [InlineData("-- a comment; with DROP TABLE accounts\nCREATE INDEX accounts_by_level ON accounts (level);", true)]
    [InlineData("{postgres}\nCREATE INDEX accounts_by_level ON accounts (level COLLATE \"C\");\n{end}\n", true)]
    [InlineData("{sqlite}\nDROP TABLE roles;\n{end}\n", false)]
    [InlineData("ALTER TABLE accounts ADD COLUMN level {integer} NOT NULL;", false)] // the older node's INSERT does not name it
    [InlineData("ALTER TABLE accounts ADD COLUMN boss TEXT REFERENCES accounts (id);", false)] // an older node's DELETE would be refused
    [InlineData("CREATE UNIQUE INDEX accounts_by_name ON accounts (given_name);", false)] // what it writes may be refused
    [InlineData("ALTER TABLE accounts DROP COLUMN username;", false)]
    [InlineData("ALTER TABLE accounts RENAME TO people;", false)]
    [InlineData("DROP TABLE roles;", false)]
    [InlineData("UPDATE accounts SET email = lower(email);", false)]
    [InlineData("INSERT INTO roles (name, description, created_at) VALUES ('keeper', '', 0);", false)]
    public void What_only_adds_is_told_from_what_does_not(string text, bool onlyAdds) => Assert.Equal(onlyAdds, Changes(text).Count == 0);

    [Fact]
    public void A_migration_that_breaks_says_so_in_its_first_line()
    {
        Assert.Equal("sessions of old would have no owner", Migrator.Read("0099_owners", "-- breaking: sessions of old would have no owner\nDROP TABLE roles;\n").Breaking);
        Assert.Null(Migrator.Read("0099_owners", "-- Owners.\n-- breaking: too late\n").Breaking);
    }

    /// <summary>The statements that an older node may run into. Tables that the migration itself makes are nobody's yet.</summary>
    private static List<string> Changes(string text)
    {
        var statements = Comment().Replace(EngineWord().Replace(text, ""), "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var made = statements.Select(statement => Made().Match(statement)).Where(match => match.Success).Select(match => match.Groups[1].Value).ToHashSet();
        return [.. statements.Where(statement => !Adds().IsMatch(statement) && !(OfATable().Match(statement) is { Success: true } of && made.Contains(of.Groups[1].Value)))];
    }

    /// <summary>What is for one engine alone is held to the same.</summary>
    [GeneratedRegex(@"\{(?:sqlite|postgres|end)\}")]
    private static partial Regex EngineWord();

    [GeneratedRegex("--.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\ACREATE TABLE (\w+)")]
    private static partial Regex Made();

    [GeneratedRegex(@"\A(?:CREATE TABLE \w+|CREATE INDEX \w+ ON|ALTER TABLE \w+ ADD COLUMN (?!.*REFERENCES)(?!.*UNIQUE)(?!.*NOT NULL(?!.*DEFAULT)))", RegexOptions.Singleline)]
    private static partial Regex Adds();

    [GeneratedRegex(@"\A(?:CREATE UNIQUE INDEX \w+ ON|INSERT INTO|UPDATE) (\w+)")]
    private static partial Regex OfATable();
}
