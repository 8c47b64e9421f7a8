using Cardea.Foundation.Data;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Cardea.Tests.Harness;

/// <summary>A database of a test's own: a file in a folder of its own, or a fresh database of the PostgreSQL server that test.sh starts.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    public static readonly string? PostgresServer = Environment.GetEnvironmentVariable("CARDEA_TEST_POSTGRES");

    private readonly string? _server;
    private readonly string? _name;

    private TestDatabase(Engine engine, string directory, string connectionString, string? server = null, string? name = null)
    {
        (Engine, Directory, ConnectionString, _server, _name) = (engine, directory, connectionString, server, name);
        SqliteLibrary.Load();
    }

    public Engine Engine { get; }

    /// <summary>The data directory; on SQLite the file is in it.</summary>
    public string Directory { get; }

    public string ConnectionString { get; }

    public static Task<TestDatabase> CreateAsync(Engine engine)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("cardea-test-").FullName;
        return engine is Engine.Sqlite ? Task.FromResult(OnDisk(directory)) : CreateAsync(PostgresServer!, directory);
    }

    /// <summary>As <see cref="CreateAsync(Engine)"/>, with this program's schema in it.</summary>
    public static async Task<TestDatabase> WithSchemaAsync(Engine engine)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("cardea-test-").FullName;
        if (engine is Engine.Postgres)
        {
            return await CreateAsync(PostgresServer!, directory, await EmptySchema.TemplateAsync());
        }

        await EmptySchema.CopyToAsync(Path.Combine(directory, "cardea.db"));
        return OnDisk(directory);
    }

    /// <summary>In a folder that is there already, such as a small disk.</summary>
    public static TestDatabase OnDisk(string directory, string file = "cardea.db") => new(Engine.Sqlite, directory, $"Data Source={Path.Combine(directory, file)}");

    /// <summary>On a PostgreSQL server of the test's own.</summary>
    public static Task<TestDatabase> CreateAsync(PostgresCluster cluster) =>
        CreateAsync(cluster.ConnectionString("postgres", "Pooling=false"), System.IO.Directory.CreateTempSubdirectory("cardea-test-").FullName);

    /// <summary>As an operator would write it, with the server's own time-outs, which the tests' text overrides.</summary>
    public string AsDeployed(TcpProxy? proxy = null)
    {
        if (Engine is Engine.Sqlite)
        {
            return ConnectionString;
        }

        var given = new NpgsqlConnectionStringBuilder(ConnectionString);
        var text = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = proxy?.Port ?? given.Port, Username = given.Username, Database = given.Database };
        if (given.Password is not null)
        {
            text.Password = given.Password;
        }

        return text.ToString();
    }

    private static async Task<TestDatabase> CreateAsync(string serverText, string directory, string? template = null)
    {
        var name = "cardea_" + Guid.NewGuid().ToString("n");
        await using var server = new NpgsqlConnection(serverText);
        await server.OpenAsync();
        var copy = server.PostgreSqlVersion.Major >= 15 ? "STRATEGY FILE_COPY" : ""; // before, there was no other way
        await server.ExecuteAsync(template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template} {copy}");
        // A busy machine must not look like an outage: these wait longer than the server does by itself.
        var connection = new NpgsqlConnectionStringBuilder(serverText) { Database = name, MaxPoolSize = 20, IncludeErrorDetail = true, Timeout = 30, CommandTimeout = 30 };
        return new(Engine.Postgres, directory, connection.ToString(), serverText, name);
    }

    /// <summary>Looks into the database beside the server, as somebody who stole it would.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using System.Data.Common.DbConnection connection = Engine is Engine.Sqlite
            ? new SqliteConnection(ConnectionString + ";Pooling=False;Default Timeout=10")
            : new NpgsqlConnection(ConnectionString);
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null) => (await QueryAsync<T>(sql, parameters)).Single();

    public Task ExecuteAsync(string sql, object? parameters = null) => QueryAsync<int>(sql, parameters);

    public async ValueTask DisposeAsync()
    {
        if (_name is not null)
        {
            await using (var pooled = new NpgsqlConnection(ConnectionString))
            {
                NpgsqlConnection.ClearPool(pooled);
            }

            await using var server = new NpgsqlConnection(_server);
            await server.ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
