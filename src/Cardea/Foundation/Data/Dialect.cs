using System.Data.Common;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Cardea.Foundation.Data;

/// <summary>
/// Every difference between the two engines that SQL text can't hide. One text serves both; what is listed here is all that is left.
/// </summary>
public sealed partial class Dialect
{
    public static readonly Dialect Sqlite = new(Engine.Sqlite);
    public static readonly Dialect Postgres = new(Engine.Postgres);

    private Dialect(Engine engine) => Engine = engine;

    public Engine Engine { get; }

    /// <summary>Ends a SELECT that reads a row in order to decide about it. SQLite has one writer, so there the row can't move.</summary>
    public string ForUpdate => Engine is Engine.Postgres ? "FOR UPDATE" : "";

    /// <summary>Ends a SELECT that claims rows of a queue: a row that another node is claiming is passed over.</summary>
    public string ForUpdateSkipLocked => Engine is Engine.Postgres ? "FOR UPDATE SKIP LOCKED" : "";

    /// <summary>After a text that is compared as bytes, so that all that begins alike lies together.</summary>
    public string Bytewise => Engine is Engine.Postgres ? "COLLATE \"C\"" : "";

    /// <summary>
    /// This moment in milliseconds, for what is compared to the second: nodes have no clock in common but the database's. SQLite's is this machine's, which the text takes from <c>@now</c>.
    /// </summary>
    public string Now => Engine is Engine.Postgres ? "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint" : "@now";

    /// <summary>
    /// Fills in the type words of a migration: <c>{integer}</c> is 64 bit, <c>{bytes}</c> a blob, <c>{strict}</c> ends a table. What stands between
    /// <c>{sqlite}</c> or <c>{postgres}</c> and <c>{end}</c> is for that engine alone.
    /// </summary>
    public string Types(string migration) => Engine is Engine.Postgres
        ? Without(ForSqlite(), migration).Replace("{integer}", "BIGINT").Replace("{bytes}", "BYTEA").Replace("{strict}", "")
        : Without(ForPostgres(), migration).Replace("{integer}", "INTEGER").Replace("{bytes}", "BLOB").Replace("{strict}", "STRICT");

    /// <summary>The tables that hold something and their columns, as rows of (table, column); what the database keeps by itself (the search's index) is left out.</summary>
    public string Columns => Engine is Engine.Postgres
        ? "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER' ORDER BY 1, ordinal_position"
        : "SELECT t.name, p.name FROM pragma_table_list t JOIN pragma_table_info(t.name) p WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'account!_search!_%' ESCAPE '!' ORDER BY 1, p.cid";

    private static string Without(Regex others, string migration) => Markers().Replace(others.Replace(migration, ""), "");

    [GeneratedRegex(@"\{sqlite\}.*?\{end\}", RegexOptions.Singleline)]
    private static partial Regex ForSqlite();

    [GeneratedRegex(@"\{postgres\}.*?\{end\}", RegexOptions.Singleline)]
    private static partial Regex ForPostgres();

    [GeneratedRegex(@"\{(sqlite|postgres|end)\}")]
    private static partial Regex Markers();

    /// <summary>True for a fault that may be gone on the next try: a lost connection, a full pool, a lock that was not had in time, a server that only reads for now (as a standby does).</summary>
    public static bool IsOutage(Exception fault) => fault switch
    {
        NpgsqlException postgres => postgres is not PostgresException answer || answer.SqlState[..2] is "08" or "53" or "57" or "40" or "58" || answer.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction,
        SqliteException sqlite => sqlite.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14 or 15, // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        TimeoutException => true,
        DatabaseUnavailableException => true,
        _ => fault.InnerException is { } inner && fault is DbException or InvalidOperationException or CryptographicException && IsOutage(inner), // the last is how the framework tells that it could not keep a key
    };

    /// <summary>True when PostgreSQL gave up one of two transactions that stood in each other's way, and asks to try it again.</summary>
    public static bool IsConflict(Exception fault) => fault is PostgresException { SqlState: "40001" or "40P01" };

    /// <summary>True when a unique constraint refused a row.</summary>
    public static bool IsDuplicate(Exception fault) => fault is PostgresException { SqlState: "23505" } or SqliteException { SqliteExtendedErrorCode: 2067 or 1555 };
}
