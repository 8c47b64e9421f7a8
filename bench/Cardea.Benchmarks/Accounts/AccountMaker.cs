using System.Diagnostics;
using Cardea.Foundation.Data;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cardea.Benchmarks.Accounts;

/// <summary>
/// Fills a database with people, in the database itself: a million take minutes and not hours. Each has a name, an address, a role and the password of
/// the one account that is there already. One in fifty is disabled, one in ten never proved the address, one in a thousand is called Xanthippe.
/// </summary>
internal static class AccountMaker
{
    public const string Password = "violet tractor lamp nine";
    public const string Pattern = "pattern@example.org";
    private const int Batch = 20_000;

    private const string Names =
        """
        given (k, name) AS (VALUES (0, 'Alice'), (1, 'Bruno'), (2, 'Chiara'), (3, 'Dmitri'), (4, 'Esra'), (5, 'Farid'), (6, 'Greta'), (7, 'Hiroshi'), (8, 'Ines'), (9, 'Jonas'), (10, 'Katja')),
        family (k, name) AS (VALUES (0, 'Andersson'), (1, 'Bianchi'), (2, 'Costa'), (3, 'Dubois'), (4, 'Eriksen'), (5, 'Fischer'), (6, 'García'), (7, 'Hansen'), (8, 'Ivanova'), (9, 'Jansen'),
            (10, 'Kowalski'), (11, 'Lindqvist'), (12, 'Moreau'), (13, 'Novák'), (14, 'Öztürk'), (15, 'Petrov'), (16, 'Quispe'))
        """;

    public static string EmailOf(long number) => $"person{number}@example.org";

    public static async Task FillAsync(TextWriter output, string? postgres, string file, long count)
    {
        var invalidations = new Invalidations(TimeProvider.System);
        await using Database database = postgres is null
            ? new SqliteDatabase($"Data Source={file}", invalidations, NullLogger<SqliteDatabase>.Instance)
            : new PostgresDatabase(postgres + ";Command Timeout=600", invalidations, NullLogger<PostgresDatabase>.Instance);
        var watch = Stopwatch.StartNew();
        var began = TimeProvider.System.GetUtcNow().AddDays(-364).ToUnixTimeMilliseconds();
        for (var from = 1L; from <= count; from += Batch)
        {
            var range = new { from, to = Math.Min(from + Batch - 1, count), began, step = 364L * 86_400_000 / count, pattern = Pattern };
            await database.WriteAsync(async transaction =>
            {
                await transaction.ExecuteAsync(
                    $"""
                    WITH RECURSIVE numbers (n) AS (SELECT CAST(@from AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < @to), {Names}
                    INSERT INTO accounts (id, email, username, username_key, given_name, family_name, password_hash, password_changed_at, email_verified_at, disabled_at, created_at)
                    SELECT {IdOf(database)}, 'person' || n || '@example.org', 'person' || n, 'person' || n, CASE WHEN n % 1000 = 500 THEN 'Xanthippe' ELSE given.name END, family.name, pattern.password_hash, @began + n * @step,
                        CASE WHEN n % 10 = 3 THEN NULL ELSE @began + n * @step END, CASE WHEN n % 50 = 7 THEN @began + n * @step END, @began + n * @step
                    FROM numbers JOIN given ON given.k = n % 11 JOIN family ON family.k = n % 17 JOIN accounts pattern ON pattern.email = @pattern
                    """,
                    range);
                await transaction.ExecuteAsync(
                    $"""
                    WITH RECURSIVE numbers (n) AS (SELECT CAST(@from AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < @to)
                    INSERT INTO account_roles (account_id, role) SELECT {IdOf(database)}, 'user' FROM numbers
                    """,
                    range);
            });
            if (from % (Batch * 10) == 1 && count > Batch)
            {
                output.WriteLine($"  {from - 1:N0} accounts after {watch.Elapsed.TotalSeconds:0} s");
            }
        }

        if (postgres is not null)
        {
            await database.WriteAsync(transaction => transaction.ExecuteAsync("ANALYZE accounts, account_roles")); // what autovacuum does within a minute
        }

        output.WriteLine($"{count:N0} accounts made in {watch.Elapsed.TotalSeconds:0} s on {(postgres is null ? "SQLite" : "PostgreSQL")}");
    }

    /// <summary>UUIDv7 of a moment in the last year: 48 bits of milliseconds, the version, and the number.</summary>
    private static string IdOf(Database database) => database.Dialect.Engine is Engine.Postgres
        ? "lpad(to_hex(@began + n * @step), 12, '0') || '7' || lpad(to_hex(n), 19, '0')"
        : "printf('%012x7%019x', @began + n * @step, n)";
}
