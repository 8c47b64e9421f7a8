using System.Data.Common;
using System.Text.RegularExpressions;
using Cardea.Features.Audit;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Tests.Harness;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Cardea.Tests.Stores;

/// <summary>
/// What is done every few minutes, or when somebody resets a password or leaves, finds its rows by an index: whoever reads a whole table holds up
/// everybody on SQLite, where one thread writes, and for ever longer.
/// </summary>
public sealed partial class StatementPlans
{
    /// <summary>A handful of rows, whatever happens.</summary>
    private static readonly string[] Small = ["signing_keys", "roles", "schema_migrations"];

    [Theory, OnSqlite, OnPostgres]
    public async Task No_purge_reads_a_whole_table(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var purges = app.Services.GetServices<Purge>().ToList();
        Assert.True(purges.Count > 10);
        await FindByIndexAsync(app, async transaction =>
        {
            foreach (var purge in purges)
            {
                await purge.DeleteAsync(transaction, app.Clock.Milliseconds(), 500);
            }
        });
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task No_reset_and_no_farewell_reads_a_whole_table(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await FindByIndexAsync(app, async transaction =>
        {
            await app.Services.GetRequiredService<SessionDirectory>().EndAllAsync(transaction, alice.Id!);
            var counters = app.Services.GetRequiredService<AttemptCounters>();
            await counters.FindLastBlockAsync(transaction, $"password:{alice.Id}:");
            await counters.ForgetAllAsync(transaction, $"password:{alice.Id}:");
            await app.Services.GetRequiredService<AuditStore>().EraseAsync(transaction, alice.Id!, [1]);
            foreach (var data in app.Services.GetServices<AccountData>())
            {
                await data.ReadAsync(transaction, alice.Id!);
                await (data.EraseAsync?.Invoke(transaction, alice.Id!) ?? Task.CompletedTask);
            }
        });
    }

    /// <summary>The engine looks for them by itself when the row that they refer to goes, and no plan tells of it.</summary>
    [Theory, OnSqlite]
    public async Task What_refers_to_a_row_is_found_by_an_index_when_that_row_goes(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var references = await bare.Files.QueryAsync<string>(
            """
            SELECT t.name || '.' || f."from" FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
            WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c WHERE i.partial = 0 AND c.seqno = 0 AND c.name = f."from")
            """);
        Assert.Empty(references);
    }

    private static async Task FindByIndexAsync(TestApp app, Func<Transaction, Task> deed)
    {
        await using DbConnection connection = app.Database.Engine is Engine.Sqlite
            ? new SqliteConnection(app.Database.ConnectionString + ";Pooling=False;Default Timeout=10")
            : new NpgsqlConnection(app.Database.ConnectionString);
        await connection.OpenAsync();
        await using var open = await connection.BeginTransactionAsync();
        if (connection is NpgsqlConnection)
        {
            // In a table with three rows it would read all of them, and know better later: what it can do without an index at all is asked for here.
            await connection.ExecuteAsync("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off");
        }

        var recording = new RecordingConnection(connection);
        await deed(new Transaction(recording, open, app.Services.GetRequiredService<Database>().Dialect, default));
        Assert.NotEmpty(recording.Sent);
        var tables = (await connection.QueryAsync<string>(
            connection is NpgsqlConnection ? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()" : "SELECT name FROM sqlite_master WHERE type = 'table'")).Except(Small).ToHashSet();
        var scans = new List<string>();
        foreach (var statement in recording.Sent.DistinctBy(statement => statement.Text).Where(statement => Explained().IsMatch(statement.Text)))
        {
            var values = new DynamicParameters();
            foreach (var (name, value) in statement.Parameters)
            {
                values.Add(name, value);
            }

            var plan = connection is NpgsqlConnection
                ? [.. await connection.QueryAsync<string>("EXPLAIN " + statement.Text, values)]
                : (await connection.QueryAsync("EXPLAIN QUERY PLAN " + statement.Text, values)).Select(line => (string)line.detail).ToList();
            if (connection is NpgsqlConnection ? ScansOfPostgres(plan, tables) : ScansOfSqlite(plan, tables))
            {
                scans.Add($"{statement.Text}\n    {string.Join("\n    ", plan)}");
            }
        }

        Assert.True(scans.Count == 0, string.Join("\n\n", scans));
    }

    private static bool ScansOfSqlite(List<string> plan, HashSet<string> tables) => plan.Exists(line => Scan().Match(line) is { Success: true } scan && tables.Contains(scan.Groups[1].Value));

    /// <summary>An index that is read from one end to the other, without a condition, is a scan too.</summary>
    private static bool ScansOfPostgres(List<string> plan, HashSet<string> tables) => plan.Index().Any(line =>
        PostgresScan().Match(line.Item) is { Success: true } scan && tables.Contains(scan.Groups[2].Value)
        && (scan.Groups[1].Value == "Seq Scan" || !plan.ElementAtOrDefault(line.Index + 1)!.Contains("Index Cond", StringComparison.Ordinal)));

    [GeneratedRegex(@"\A\s*(?:SELECT|DELETE|UPDATE|WITH)\b")]
    private static partial Regex Explained();

    [GeneratedRegex(@"\ASCAN (\w+)")]
    private static partial Regex Scan();

    [GeneratedRegex(@"(Seq Scan|Index Scan|Index Only Scan)(?: Backward)?(?: using \w+)? on (\w+)")]
    private static partial Regex PostgresScan();
}
