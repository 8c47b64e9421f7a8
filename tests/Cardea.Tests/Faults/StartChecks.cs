using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>Starts that must fail, starts that are raced, and starts that are killed half-way.</summary>
public class StartChecks
{
    /// <summary>By its name.</summary>
    public static string NewestMigration => Migrator.Known()[^1].Name;

    /// <summary>What is given, and the word of the refusal that names the setting.</summary>
    private static readonly (string Args, string Named)[] Broken =
    [
        ("--Cardea:Database:Provider=postgres --Cardea:Database:ConnectionString=Host=127.0.0.1;Port=1;Username=u;Database=d", "Cardea:Database:ConnectionString"),
        ("--Cardea:DataDirectory=/proc/cardea", "/proc/cardea"),
        ("--Cardea:Database:Provider=postgres", "Cardea:Database:ConnectionString"),
        ("--Cardea:Database:ConnectionString=nonsense", "Cardea:Database:ConnectionString"),
        ("--Cardea:Database:ConnectionString=DataSource=/nowhere/at/all/cardea.db", "/nowhere/at/all"),
        ("--Cardea:Database:Provider=mysql", "Cardea:Database:Provider"),
        ("--Cardea:PublicUrl=id.example.org", "Cardea:PublicUrl"),
        ("--Cardea:PublicUrl=https://id.example.org/path", "Cardea:PublicUrl"),
        ("--Cardea:PublicUrl=javascript:alert(1)", "Cardea:PublicUrl"),
        ("--Cardea:MasterKey=short", "Cardea:MasterKey"),
        ("--Cardea:MasterKeyFile=/nowhere", "Cardea:MasterKeyFile"),
        ("--Cardea:Nothing=1", "Cardea:Nothing"),
        ("--Cardea:SignUp:Enable=false", "Cardea:SignUp:Enable"),
        ("--Cardea:SignUp:Enabled=yes", "Cardea:SignUp:Enabled"),
        ("--Cardea:SignUp:ConcealExistingAccounts=true", "Cardea:SignUp:ConcealExistingAccounts"),
        ("--Cardea:Tokens:Algorithm=none", "Cardea:Tokens:Algorithm"),
        ("--Cardea:Tokens:Algorithm=HS256", "Cardea:Tokens:Algorithm"),
        ("--Cardea:Tokens:AccessTokenMinutes=0", "Cardea:Tokens:AccessTokenMinutes"),
        ("--Cardea:Tokens:RefreshTokenDays=ever", "Cardea:Tokens:RefreshTokenDays"),
        ("--Cardea:Passwords:MemoryKiB=1", "Cardea:Passwords:MemoryKiB"),
        ("--Cardea:Passwords:Iterations=0", "Cardea:Passwords:Iterations"),
        ("--Cardea:Passwords:MinimumLength=129", "Cardea:Passwords:MinimumLength"),
        ("--Cardea:Sessions:WhenFull=ask", "Cardea:Sessions:WhenFull"),
        ("--Cardea:Sessions:MaxPerAccount=-1", "Cardea:Sessions:MaxPerAccount"),
        ("--Cardea:Mail:Transport=smtp", "Cardea:Mail:Smtp:Host"),
        ("--Cardea:Mail:Transport=pigeon", "Cardea:Mail:Transport"),
        ("--Cardea:Mail:From=nobody", "Cardea:Mail:From"),
        ("--Cardea:Mail:Smtp:Port=99999", "Cardea:Mail:Smtp:Port"),
        ("--Cardea:TrustedProxies=10.0.0.0/33", "Cardea:TrustedProxies"),
        ("--Cardea:Cors:AllowedOrigins=*", "Cardea:Cors:AllowedOrigins"),
        ("--Cardea:Recovery:Method=telephone", "Cardea:Recovery:Method"),
        ("--Cardea:SignIn:RequireSecondFactor=nobody", "Cardea:SignIn:RequireSecondFactor"),
        ("--Cardea:Branding:LogoPath=/nowhere.svg", "Cardea:Branding:LogoPath"),
        ("--Cardea:Bootstrap:AdminEmail=root@example.org", "Cardea:Bootstrap:AdminPassword"),
        ("--urls=nonsense", "urls"),
        ("--Kestrel:Certificates:Default:Path=/nowhere.pem", "Kestrel:Certificates:Default:Path"),
        ("--environment=Production --Cardea:Mail:Transport=none", "Cardea:PublicUrl"),
        ("--environment=Production --Cardea:PublicUrl=https://id.example.org", "Cardea:Mail:Transport"),
    ];

    [Fact]
    public async Task RE_23_A_broken_configuration_is_refused_by_name_within_five_seconds()
    {
        var slowest = TimeSpan.Zero;
        var tried = Broken[..Scale.Of(3, Broken.Length)];
        foreach (var (args, named) in tried)
        {
            using var folder = new TestFolder();
            var begun = Stopwatch.GetTimestamp();

            var ended = await ServerProcess.RunAsync(folder.Path, ["--environment=Development", "--urls=http://127.0.0.1:0", .. args.Split(' ')]);

            var taken = Stopwatch.GetElapsedTime(begun);
            slowest = taken > slowest ? taken : slowest;
            Assert.True(ended.ExitCode is 1 or 2, $"{args}: {ended.ExitCode}\n{ended.Out}");
            Assert.Contains(named, ended.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Cardea is listening", ended.Out, StringComparison.Ordinal);
            Scale.Within(TimeSpan.FromSeconds(5), taken, args);
        }

        Scale.Measured("RE-23", $"{tried.Length} of {tried.Length} broken configurations refused by name, slowest {slowest.TotalSeconds:F1} s");
    }

    /// <summary>Of nodes that start together on an empty database some are killed while they migrate; what the others leave is always the same.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_18_Nodes_that_migrate_at_once_and_are_killed_meanwhile_end_in_one_schema(Engine engine)
    {
        string? expected = null;
        var rounds = Scale.Of(1, 20);
        for (var round = 0; round < rounds; round++)
        {
            await using var database = await TestDatabase.CreateAsync(engine);
            string[] args =
            [
                "migrate", "--environment=Development", $"--Cardea:DataDirectory={database.Directory}", $"--Cardea:Database:Provider={(engine is Engine.Sqlite ? "sqlite" : "postgres")}",
                $"--Cardea:Database:ConnectionString={database.ConnectionString}",
            ];
            var nodes = Enumerable.Range(0, 2 + (round % 4)).Select(_ => ServerProcess.Start(database.Directory, args)).ToList();
            await Task.Delay(RandomNumberGenerator.GetInt32(200, 1500));
            await nodes[0].KillAsync();
            foreach (var node in nodes[1..])
            {
                var ended = await node.EndAsync();
                Assert.True(ended.ExitCode == 0, ended.Error);
            }

            var last = await ServerProcess.RunAsync(database.Directory, args);
            Assert.True(last is { ExitCode: 0 }, last.Error);
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            await KillChecks.AssertSoundAsync(database);
            var schema = await SchemaAsync(database);
            Assert.Equal(expected ??= schema, schema);
        }

        Scale.Measured("RE-18", $"{engine}: {rounds} of {rounds} raced and killed migrations end in the same schema");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RE_18_A_program_that_is_older_than_its_database_refuses_to_start_and_names_both(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await RunningServer.StartAsync(database);
        await database.ExecuteAsync("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9001, '9001_of_the_future', 'x', 0)");

        var refused = await server.AnotherFailsAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("9001", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"this program's {Migrator.Known()[^1].Version}", refused.Error, StringComparison.Ordinal);
        (await server.PostAsync("/auth/signup", new { email = "alice@example.org", password = "violet tractor lamp nine" })).Expect(System.Net.HttpStatusCode.Created); // the one that runs goes on
    }

    /// <summary>
    /// What a roll-out is to the node whose turn has not come: another one adds tables, columns and indexes under it, one migration after the other, and it serves on. Started again it
    /// would refuse: then it is the new program's turn.
    /// </summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_18_A_node_that_runs_serves_on_while_a_newer_one_migrates_under_it(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var node = await RunningServer.StartAsync(database);
        var load = MixedLoad.Start(node, people: 4);
        await Task.Delay(500);
        var dialect = engine is Engine.Postgres ? Dialect.Postgres : Dialect.Sqlite;
        var tables = Migrator.TablesInOrder();
        Assert.True(tables.Count > 15);
        var version = 9000;
        foreach (var table in tables)
        {
            version++;
            await database.ExecuteAsync(dialect.Types(
                $"""
                BEGIN;
                CREATE TABLE of_{version} (id TEXT PRIMARY KEY, {table}_of TEXT) {"{strict}"};
                ALTER TABLE {table} ADD COLUMN text_{version} TEXT;
                ALTER TABLE {table} ADD COLUMN number_{version} {"{integer}"} NOT NULL DEFAULT 7;
                CREATE INDEX {table}_by_{version} ON {table} (number_{version});
                INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ({version}, '{version}_of_the_future', 'x', 0);
                COMMIT
                """));
            await Task.Delay(Scale.Of(20, 500));
        }

        await Task.Delay(Scale.Of(500, 10_000));
        await load.StopAsync();
        Assert.Empty(load.Wrong);
        Assert.Equal((0, 0), (load.Refused, load.Unanswered));
        Assert.True(load.Acknowledged > 50, $"{load.Acknowledged} writes");
        await LedgerAudit.HoldsAsync(node, load.Ledger);
        await KillChecks.AssertSoundAsync(database);
        var person = load.Ledger.First(person => person.IsSignedUp && person.UnansweredPassword is null);
        var token = (await node.PostAsync("/auth/login", new { login = person.Email, password = person.Password })).Expect(System.Net.HttpStatusCode.OK).Member("access_token");
        foreach (var path in (string[])["/users/me", "/users/me/export", "/users/me/factors", "/sessions", "/health/ready", "/.well-known/jwks.json"])
        {
            (await node.GetAsync(path, token)).Expect(System.Net.HttpStatusCode.OK);
        }

        var refused = await node.AnotherFailsAsync();
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"{version}_of_the_future", refused.Error, StringComparison.Ordinal);
        Scale.Measured("RE-18", $"{engine}: {tables.Count} migrations that add, under a node that did not know of them: {load.Acknowledged} acknowledged writes, 0 failed requests");
    }

    private static async Task<string> SchemaAsync(TestDatabase database)
    {
        var rows = database.Engine is Engine.Sqlite
            ? await database.QueryAsync<string>("SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name")
            : await database.QueryAsync<string>(
                """
                SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = current_schema()
                UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1
                """);
        rows.AddRange(await database.QueryAsync<string>("SELECT name || checksum FROM schema_migrations ORDER BY version"));
        Assert.True(rows.Count > 50);
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows))));
    }
}
