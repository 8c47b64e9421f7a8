using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Commands;

/// <summary>`cardea doctor`: one fault planted at a time, each found and told with what to do.</summary>
public sealed class DoctorTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_healthy_server_has_no_fault(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        await app.NewActor().SignUpAsync();
        (await app.CommandAsync("user", "add", "root@example.org", "--role", "admin")).Worked();
        await app.SealedAsync();

        var ended = await app.CommandAsync("doctor", "--Cardea:PublicUrl=" + app.Address, "--Cardea:Passwords:MemoryKiB=19456", "--Cardea:Passwords:Iterations=2");

        Assert.True(ended is { ExitCode: 0, Error: "" } && ended.Out.EndsWith("Nothing is wrong.\n", StringComparison.Ordinal), ended.Out + ended.Error);
        Assert.All((string[])["settings", "data directory", "database", "signing keys", "clock", "mail", "public url"], area => Assert.Contains($"ok     {area}: ", ended.Out));
    }

    [Fact]
    public async Task Before_the_first_start_nothing_is_wrong_and_nothing_is_made()
    {
        using var folder = new TestFolder();

        var ended = await Cli.RunAsync("", "doctor", "--environment", "Development", $"--Cardea:DataDirectory={folder.File("data")}");

        Assert.True(ended is { ExitCode: 0, Error: "" }, ended.Out);
        Assert.Contains("It is made at the first start", ended.Out);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("Cardea:Docs:Enabled: \"perhaps\" was given", "--Cardea:Docs:Enabled=perhaps")]
    [InlineData("Cardea:Docs:Enable: there is no such setting; did you mean Cardea:Docs:Enabled?", "--Cardea:Docs:Enable=true")]
    [InlineData("settings: Configuration value 'Loud'", "--Logging:LogLevel:Default=Loud")]
    [InlineData("Cardea:TrustedProxies has 0.0.0.0/0", "--Cardea:TrustedProxies=0.0.0.0/0")]
    [InlineData("Cardea:TrustedProxies has ::/0", "--Cardea:TrustedProxies=::/0")]
    [InlineData("http://id.example.invalid/ is plain http", "--Cardea:PublicUrl=http://id.example.invalid", "--environment", "Production", "--Cardea:Mail:Transport=none")]
    [InlineData("a proxy stands in front, and none is believed", "--Cardea:PublicUrl=https://id.example.invalid", "--environment", "Production", "--Cardea:Mail:Transport=none")]
    [InlineData("strangers can read /dev/mail", "--Cardea:PublicUrl=https://id.example.invalid", "--Cardea:TrustedProxies=127.0.0.1")]
    [InlineData("PostgreSQL can't be used", "--Cardea:Database:Provider=postgres", "--Cardea:Database:ConnectionString=Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Database=d;Timeout=2")]
    public async Task Settings_that_do_not_fit_are_found(string told, params string[] args)
    {
        using var folder = new TestFolder();

        await FindsAsync(Cli.RunAsync("", ["doctor", .. args.Contains("--environment") ? args : [.. args, "--environment", "Development"], $"--Cardea:DataDirectory={folder.File("data")}"]), told);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Planted_faults_of_the_data_are_found_one_by_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        await app.NewActor().SignUpAsync();
        await app.SealedAsync();
        await app.StopAsync();
        var database = app.Database;
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        async Task FindsThatAsync(string told, string plant, string mend)
        {
            await database.ExecuteAsync(plant);
            await FindsAsync(database.CommandAsync("", "doctor"), told);
            await database.ExecuteAsync(mend);
        }

        await FindsThatAsync("a newer one was here", "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, '9999_later', 'x', 0)", "DELETE FROM schema_migrations WHERE version = 9999");
        await FindsThatAsync("had another text", "UPDATE schema_migrations SET checksum = 'x' || checksum WHERE version = 1", "UPDATE schema_migrations SET checksum = SUBSTR(checksum, 2) WHERE version = 1");
        await FindsThatAsync("It lacks 0002_pages", "CREATE TABLE kept AS SELECT * FROM schema_migrations; DELETE FROM schema_migrations WHERE version = 2", "INSERT INTO schema_migrations SELECT * FROM kept WHERE version = 2");
        await FindsThatAsync("The table mailbox is not there", "ALTER TABLE mailbox RENAME TO away", "ALTER TABLE away RENAME TO mailbox");
        await FindsThatAsync("does not open the signing key", "UPDATE signing_keys SET id = 'x' || id", "UPDATE signing_keys SET id = SUBSTR(id, 2)");
        await FindsThatAsync("it should have had a successor", $"UPDATE signing_keys SET created_at = created_at - {95L * 86_400_000}", $"UPDATE signing_keys SET created_at = created_at + {95L * 86_400_000}");
        await FindsThatAsync("this clock has gone back", $"INSERT INTO audit_events (id, event, at) VALUES ('z', 'sign_out', {now + 3_600_000})", "DELETE FROM audit_events WHERE id = 'z'");
        await FindsThatAsync("1 rows older than a minute are not sealed", $"INSERT INTO audit_events (id, event, at) VALUES ('0', 'sign_out', {now - 300_000}); INSERT INTO audit_chain (event_id) VALUES ('0')", "DELETE FROM audit_events WHERE id = '0'; DELETE FROM audit_chain WHERE event_id = '0'");
        await FindsThatAsync("The last reason: the server said no", $"INSERT INTO outbox (id, template, recipient, state, attempts, next_attempt_at, send_before, created_at, last_error) VALUES ('o', 't', 'r', 'queued', 3, {now}, {now}, {now}, 'the server said no')", "DELETE FROM outbox WHERE id = 'o'");

        for (var number = 0; number < 12; number++)
        {
            await database.ExecuteAsync($"INSERT INTO audit_events (id, event, at, address) VALUES ('{number:00}', 'sign_out', 5, '10.0.0.7')");
        }

        await database.ExecuteAsync("UPDATE audit_events SET address = '10.0.0.7' WHERE address <> ''");
        await FindsAsync(database.CommandAsync("", "doctor", "--environment", "Production", "--Cardea:Mail:Transport=none", "--Cardea:PublicUrl=https://id.example.invalid", "--Cardea:TrustedProxies=127.0.0.1"), "all come from 10.0.0.7: that is a proxy", "Add 10.0.0.7 to Cardea:TrustedProxies");
    }

    [Fact]
    public async Task Files_that_others_may_read_are_found()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var folder = new TestFolder();
        var password = folder.File("password", "hunter2");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var path in new[] { app.Database.Directory, Path.Combine(app.Database.Directory, "master.key"), Path.Combine(app.Database.Directory, "cardea.db"), password })
        {
            var before = File.GetUnixFileMode(path);
            File.SetUnixFileMode(path, before | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            await FindsAsync(app.CommandAsync("doctor", $"--Cardea:Mail:Smtp:PasswordFile={password}"), $"{path}", "others on this machine can get at it", $"chmod {(path == app.Database.Directory ? "700" : "600")} {path}");
            File.SetUnixFileMode(path, before);
        }
    }

    [Fact]
    public async Task A_master_key_that_is_lost_or_another_is_found_and_none_is_made()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var file = Path.Combine(app.Database.Directory, "master.key");

        await FindsAsync(app.CommandAsync("doctor", $"--Cardea:MasterKey={MasterKey.Generate().ToBase64()}"), "master key: It does not open the signing key");
        File.Move(file, file + ".away");
        await FindsAsync(app.CommandAsync("doctor"), "master key: There is none in", "before the server starts and makes another");
        Assert.False(File.Exists(file));
        File.Move(file + ".away", file);
        await File.WriteAllTextAsync(file, "not a key");
        await FindsAsync(app.CommandAsync("doctor"), "needed is base64 of 32 bytes");
    }

    [Fact]
    public async Task A_damaged_SQLite_file_is_found()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        await using (var app = await TestApp.StartAsync(Engine.Sqlite, database, null))
        {
            for (var count = 0; count < 3; count++)
            {
                await app.NewActor().SignUpAsync();
            }
        }

        var page = 4096 * await database.ScalarAsync<long>("SELECT rootpage - 1 FROM sqlite_master WHERE name = 'accounts'");
        await using (var file = File.OpenWrite(Path.Combine(database.Directory, "cardea.db")))
        {
            file.Seek(page + 3, SeekOrigin.Begin);
            file.Write(RandomNumberGenerator.GetBytes(200));
        }

        await FindsAsync(database.CommandAsync("", "doctor"), "FAULT  database: ", "restore the last good backup");
        await File.WriteAllTextAsync(Path.Combine(database.Directory, "cardea.db"), new string('x', 8192));
        await FindsAsync(database.CommandAsync("", "doctor"), "SQLite can't be used", "restore the last good backup");
    }

    [Fact]
    public async Task Rows_that_belong_to_nobody_are_found()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await app.Database.ExecuteAsync("PRAGMA foreign_keys = OFF; INSERT INTO account_roles (account_id, role) VALUES ('nobody', 'admin')");

        await FindsAsync(app.CommandAsync("doctor"), "The table account_roles has rows that belong to nobody");
    }

    [Fact]
    public async Task A_mail_server_that_can_not_be_used_is_found()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);

        Task<Ended> WithAsync(int port, string security, params string[] more) => app.CommandAsync(
            ["doctor", "--Cardea:Mail:Transport=smtp", "--Cardea:Mail:Smtp:Host=127.0.0.1", $"--Cardea:Mail:Smtp:Port={port}", $"--Cardea:Mail:Smtp:Security={security}", .. more]);

        await FindsAsync(WithAsync(1, "starttls"), "FAULT  mail: Mail server 127.0.0.1:1: connecting", "Check Cardea:Mail:Smtp:Host and :Port");
        using (var bare = new ScriptedSmtp("220 hello\r\n", "250 hello\r\n", "221 bye\r\n"))
        {
            await FindsAsync(WithAsync(bare.Port, "starttls"), "it offers no STARTTLS", "usually 587");
        }

        using (var strict = new ScriptedSmtp("220 hello\r\n", "250-hello\r\n250 AUTH PLAIN\r\n", "535 no\r\n", "221 bye\r\n"))
        {
            await FindsAsync(WithAsync(strict.Port, "none", "--Cardea:Mail:Smtp:Username=u", "--Cardea:Mail:Smtp:Password=hunter2"), "AUTH was refused", "Check Cardea:Mail:Smtp:Username");
        }

        using var good = new ScriptedSmtp("220 hello\r\n", "250-hello\r\n250 AUTH PLAIN\r\n", "235 yes\r\n", "221 bye\r\n");
        Assert.Contains("ok     mail: ", (await WithAsync(good.Port, "none", "--Cardea:Mail:Smtp:Username=u", "--Cardea:Mail:Smtp:Password=hunter2")).Worked().Out);
    }

    [Fact]
    public async Task Somebody_else_at_the_public_URL_is_found()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var stranger = new ScriptedSmtp("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        await FindsAsync(app.CommandAsync("doctor", $"--Cardea:PublicUrl=http://127.0.0.1:{stranger.Port}"), "it is not Cardea that does");
    }

    [Fact]
    public async Task A_certificate_that_runs_out_is_found()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var folder = new TestFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-80), DateTimeOffset.UtcNow.AddDays(3));
        var path = folder.File("server.crt", certificate.ExportCertificatePem());

        await FindsAsync(app.CommandAsync("doctor", $"--Kestrel:Certificates:Default:Path={path}"), "server.crt runs out on", "Renew it");
    }

    [Fact]
    public async Task A_key_of_another_certificate_is_found_and_a_name_that_is_not_the_public_one_is_noted()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var folder = new TestFolder();
        var certificate = TestCertificate.For("login.example.net");
        string[] settings = [$"--Kestrel:Certificates:Default:Path={folder.File("server.crt", certificate.Certificate)}", $"--Kestrel:Certificates:Default:KeyPath={folder.File("server.key", TestCertificate.For("x").Key)}"];

        await FindsAsync(app.CommandAsync(["doctor", .. settings]), "server.crt and the key beside it can't be used together");

        folder.File("server.key", certificate.Key);
        var ended = await app.CommandAsync(["doctor", .. settings, "--Cardea:PublicUrl=http://localhost:1"]);
        Assert.Contains("server.crt is good until", ended.Out, StringComparison.Ordinal);
        Assert.Contains("note   certificate: ", ended.Out, StringComparison.Ordinal);
    }

    private static async Task FindsAsync(Task<Ended> running, params string[] told)
    {
        var ended = await running;
        TellsOneFault(ended, told);
        Assert.DoesNotContain("hunter2", ended.Out);
    }

    /// <summary>The report says it on standard output, and what a script should show on standard error.</summary>
    internal static void TellsOneFault(Ended ended, string[] told)
    {
        var isOfSettings = ended.Out.Contains("FAULT  settings: ", StringComparison.Ordinal);
        Assert.True(ended.ExitCode == (isOfSettings ? 2 : 1) && ended.Error.Length > 0, $"{string.Join(", ", told)}: {ended.ExitCode} {ended.Out}{ended.Error}");
        Assert.True(isOfSettings ? ended.Out.Contains(ended.Error.Trim(), StringComparison.Ordinal) : ended.Error.StartsWith("cardea doctor found 1 fault: ", StringComparison.Ordinal), ended.Error);
        Assert.All(told, one => Assert.Contains(one, ended.Out));
        Assert.True(ended.Out.Split('\n').Count(line => line.StartsWith("FAULT", StringComparison.Ordinal)) == 1, ended.Out);
    }
}
