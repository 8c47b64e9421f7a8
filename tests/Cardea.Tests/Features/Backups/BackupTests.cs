using System.IO.Compression;
using System.Net;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Backups;

/// <summary>`cardea backup` beside a running server and `cardea restore` on an empty machine.</summary>
public sealed class BackupTests : IDisposable
{
    private static readonly (string, string) PublicUrl = ("PublicUrl", "http://localhost:8099");

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite(Engine.Sqlite), OnPostgres(Engine.Postgres), OnPostgres(Engine.Sqlite)]
    public async Task A_backup_under_load_gives_back_sign_in_sessions_keys_and_a_whole_audit_log(Engine from, Engine to) => await MoveAsync(from, to);

    [Theory, OnPostgres]
    public async Task A_backup_of_SQLite_goes_into_PostgreSQL(Engine to) => await MoveAsync(Engine.Sqlite, to);

    private async Task MoveAsync(Engine from, Engine to)
    {
        var file = _folder.File("cardea.backup");
        await using var empty = await TestDatabase.CreateAsync(to);
        Actor alice, bob;
        await using (var app = await TestApp.StartAsync(from, PublicUrl))
        {
            alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
            bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
            (await alice.PatchAsync("/users/me", new { given_name = "Zoë \" \\ 漢字 🦊" })).Expect(HttpStatusCode.OK);
            (await app.CommandAsync("user", "disable", bob.Email)).Worked();
            (await app.CommandAsync("keys", "rotate")).Worked();
            using var enough = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                while (!enough.IsCancellationRequested)
                {
                    await (await app.NewActor().SignUpAsync()).SignInAsync();
                }
            }));
            await Task.Delay(200);

            var said = (await app.CommandAsync("backup", file)).Worked().Out;

            await enough.CancelAsync();
            await load;
            Assert.Matches(@"has \d+ rows of \d+ tables\. The master key is not in it", said);
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.Equal([file], Directory.GetFiles(_folder.Path));
            await app.StopAsync(); // and keep the last checkpoint
            File.Copy(Path.Combine(app.Database.Directory, "master.key"), Path.Combine(empty.Directory, "master.key"));
            File.Copy(Path.Combine(app.Database.Directory, AuditCheckpointFile.Name), Path.Combine(empty.Directory, AuditCheckpointFile.Name));
        }

        Assert.Contains("The checkpoints of the audit log that was here before are in ", (await empty.CommandAsync("", "restore", file)).Worked().Out);

        await using var restored = await TestApp.StartAsync(to, empty, null, PublicUrl);
        (await empty.CommandAsync("", "audit", "verify")).Worked();
        Actor[] there = [restored.NewActor(), restored.NewActor(), restored.NewActor()];
        (there[0].Email, there[0].AccessToken, there[0].RefreshToken) = (alice.Email, alice.AccessToken, alice.RefreshToken);
        Assert.Equal("Zoë \" \\ 漢字 🦊", (await there[0].GetAsync("/users/me")).Expect(HttpStatusCode.OK).Member("given_name"));
        (await there[0].TryRefreshAsync()).Expect(HttpStatusCode.OK);
        there[1].Email = alice.Email;
        await there[1].SignInAsync();
        there[2].Email = bob.Email;
        (await there[2].TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        Assert.Equal(2, (await there[0].GetAsync("/.well-known/jwks.json")).Json.GetProperty("keys").GetArrayLength());
        Assert.Equal(["database.backed_up", "database.restored"], await empty.QueryAsync<string>("SELECT event FROM audit_events WHERE event LIKE 'database.%' ORDER BY id"));
    }

    [Fact]
    public async Task Every_table_of_the_schema_is_in_a_backup()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var file = _folder.File("cardea.backup");
        (await app.CommandAsync("backup", file)).Worked();

        using var archive = ZipFile.OpenRead(file);
        var tables = await app.Database.QueryAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'account_search%' AND name <> 'schema_migrations'"); // the search's index is made by triggers

        Assert.Equal(tables.Select(name => $"tables/{name}.jsonl").Append("manifest.json").Order(), archive.Entries.Select(entry => entry.FullName).Order());
        Assert.Equal(1, (await app.CommandAsync("backup", file)).ExitCode); // it is there already
        var nowhere = await app.CommandAsync("backup", _folder.File("no/such/folder"));
        Assert.Equal((1, ""), (nowhere.ExitCode, nowhere.Out));
        Assert.DoesNotContain(await File.ReadAllTextAsync(Path.Combine(app.Database.Directory, "master.key")), Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_can_not_be_restored_whole_is_not_restored(Engine engine)
    {
        var file = _folder.File("cardea.backup");
        await using var empty = await TestDatabase.CreateAsync(engine);
        string key;
        await using (var app = await TestApp.StartAsync(engine))
        {
            await app.NewActor("alice").SignUpAsync();
            (await app.CommandAsync("backup", file)).Worked();
            key = "--Cardea:MasterKey=" + (await File.ReadAllTextAsync(Path.Combine(app.Database.Directory, "master.key"))).Trim();
            await RefusedAsync(app.Database, "The database is not empty", "restore", file);
        }

        await RefusedAsync(empty, "A backup has no master key, and there is none here. Put master.key", "restore", file);
        Assert.False(File.Exists(Path.Combine(empty.Directory, "master.key")));
        await RefusedAsync(empty, "was made under another master key", "restore", file, "--Cardea:MasterKey=" + MasterKey.Generate().ToBase64());
        await RefusedAsync(empty, "There is no file ", "restore", file + ".2", key);
        await RefusedAsync(empty, "is not a backup", "restore", _folder.File("text", "no archive"), key);

        var whole = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(_folder.File("cut"), whole[..(whole.Length / 2)]);
        await RefusedAsync(empty, "is not a backup, or only a part of one", "restore", _folder.File("cut"), key);
        foreach (var (what, change) in new (string, Action<ZipArchive>)[]
        {
            ("is damaged", archive => Rewrite(archive, "tables/accounts.jsonl", text => text.Replace("alice", "malice", StringComparison.Ordinal))),
            ("is damaged", archive => Rewrite(archive, "tables/accounts.jsonl", _ => "")),
            ("not a row", archive => Rewrite(archive, "tables/accounts.jsonl", text => text.Replace("]", "", StringComparison.Ordinal))),
            ("lacks the table accounts", archive => archive.GetEntry("tables/accounts.jsonl")!.Delete()),
            ("or was changed since", archive => Rewrite(archive, "manifest.json", text => text.Replace("\"rows\":1,", "\"rows\":2,", StringComparison.Ordinal))),
            ("no manifest", archive => archive.GetEntry("manifest.json")!.Delete()),
        })
        {
            await File.WriteAllBytesAsync(_folder.File("changed"), whole);
            using (var archive = ZipFile.Open(_folder.File("changed"), ZipArchiveMode.Update))
            {
                change(archive);
            }

            await RefusedAsync(empty, what, "restore", _folder.File("changed"), key);
        }

        (await empty.CommandAsync("", "restore", file, key)).Worked(); // none of the tries left anything in the way
        Assert.Equal(1, await empty.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    private static void Rewrite(ZipArchive archive, string name, Func<string, string> change)
    {
        string text;
        using (var reader = new StreamReader(archive.GetEntry(name)!.Open()))
        {
            text = reader.ReadToEnd();
        }

        archive.GetEntry(name)!.Delete();
        using var writer = new StreamWriter(archive.CreateEntry(name).Open(), new UTF8Encoding(false));
        writer.Write(change(text));
    }

    private static async Task RefusedAsync(TestDatabase database, string told, params string[] args)
    {
        var ended = await database.CommandAsync("", args);
        Assert.True((1, "") == (ended.ExitCode, ended.Out), $"{told}: {ended.ExitCode} {ended.Out}{ended.Error}");
        Assert.Contains(told, ended.Error);
        Assert.Single(ended.Error.TrimEnd().Split('\n'));
    }
}
