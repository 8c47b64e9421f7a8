using System.Net;
using System.Text;
using Cardea.Crypto.Text;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>What a thief of the database has in hand: nothing that opens anything.</summary>
public sealed class SrDatabaseTests
{
    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task SR_01_The_stolen_database_holds_no_secret_in_any_spelling(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        await smtp.SetAsync(new() { Replies = new() { ["MAIL"] = "451 4.3.2 not now" } });
        var alice = app.NewActor("alice");
        alice.Password = "canary-password-one 7c1f";
        await (await alice.SignUpAsync()).SignInAsync();
        var first = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync("canary-password-wrong 40ee")).Expect(HttpStatusCode.Unauthorized);
        (await alice.TrySignInAsync("whatever it is", login: "canaryPasswordInWrongField")).Expect(HttpStatusCode.Unauthorized);
        (await alice.PostAsync("/password/forgot", new { username = "canaryPasswordInWrongField" })).Expect(HttpStatusCode.Accepted);
        (await alice.PatchAsync("/users/me", new { email = "moved@example.net" })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        await app.PumpAsync();
        var stolen = await StealAsync(app); // with the mails in it that hold tokens and codes

        await smtp.SetAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(2));
        await app.PumpAsync();
        var mails = new[]
        {
            await smtp.WaitForAsync(mail => mail.To[0] == alice.Email && mail.Text!.Contains("/verify-email", StringComparison.Ordinal)), await smtp.WaitForAsync(mail => mail.To is ["moved@example.net"]),
            await smtp.WaitForAsync(mail => mail.Text!.Contains("/reset-password", StringComparison.Ordinal)),
        };
        var secrets = mails.Select(mail => HmMailTests.TokenOf(mail)).Concat(
            [
                alice.Password, "canary-password-wrong 40ee", "canaryPasswordInWrongField", first, alice.RefreshToken!, alice.AccessToken!, alice.AccessToken!.Split('.')[2],
                .. alice.Cookies.GetAllCookies().Select(cookie => cookie.Value), File.ReadAllText(Path.Combine(app.Database.Directory, "master.key")).Trim(), "PRIVATE KEY",
            ]).ToList();
        Assert.Equal(13, secrets.Count);
        foreach (var content in new[] { stolen, await StealAsync(app) })
        {
            Assert.True(content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(alice.Email)) >= 0, "The search finds nothing at all.");
            Assert.All(secrets, secret => Assert.All(Spellings(secret), spelling => Assert.True(content.AsSpan().IndexOf(spelling) < 0, $"{secret} is in the database as {Encoding.Latin1.GetString(spelling)}")));
            // A PKCS #8 key in clear says which curve it is on.
            Assert.True(content.AsSpan().IndexOf(Convert.FromHexString("06082a8648ce3d030107")) < 0, "A private key lies open.");
        }

        // Codes are searched for where they would be: six digits occur by chance in a whole file.
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM one_time_secrets WHERE length(code_mac) <> 32 OR length(token_hash) <> 32"));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'sent' AND content IS NOT NULL"));
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task SR_01_A_sealed_mail_put_in_another_row_does_not_open(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        await smtp.SetAsync(new() { Replies = new() { ["MAIL"] = "451 4.3.2 not now" } });
        var (alice, bob, carol) = (await app.NewActor().SignUpAsync(), await app.NewActor().SignUpAsync(), await app.NewActor().SignUpAsync());
        await app.PumpAsync();
        var rows = (await app.Database.QueryAsync<(string Recipient, byte[] Content)>("SELECT recipient, content FROM outbox")).ToDictionary(row => row.Recipient, row => row.Content);
        await app.Database.ExecuteAsync("UPDATE outbox SET content = @content WHERE recipient = @Email", new { content = rows[bob.Email], alice.Email });
        await app.Database.ExecuteAsync("UPDATE outbox SET content = @content WHERE recipient = @Email", new { content = rows[alice.Email], bob.Email });

        await smtp.SetAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(2));
        await app.PumpAsync();
        await smtp.WaitForAsync(mail => mail.To[0] == carol.Email);
        await smtp.CatchUpAsync();
        Assert.Single(smtp.Received);
        Assert.Equal(["parked", "parked", "sent"], (await app.Database.QueryAsync<string>("SELECT state FROM outbox")).Order());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SR_01_A_sealed_signing_key_put_in_another_row_signs_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        await app.Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test"));
        var keys = await app.Database.QueryAsync<(string Id, byte[] Key)>("SELECT id, private_key FROM signing_keys");
        Assert.Equal(2, keys.Count);
        await app.Database.ExecuteAsync("UPDATE signing_keys SET private_key = @Key WHERE id = @Id", new { keys[1].Key, keys[0].Id });
        await app.Database.ExecuteAsync("UPDATE signing_keys SET private_key = @Key WHERE id = @Id", new { keys[0].Key, keys[1].Id });

        app.Clock.Advance(TimeSpan.FromMinutes(2)); // past what is kept in memory
        foreach (var answer in new[] { await alice.TrySignInAsync(), await alice.GetAsync("/users/me"), await alice.GetAsync("/.well-known/jwks.json") })
        {
            answer.Expect(HttpStatusCode.ServiceUnavailable, "unavailable");
        }
    }

    [Theory, OnSqlite, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task SR_02_Files_are_their_owners_alone_and_the_folder_too(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var directory = Path.Combine(database.Directory, "inner");
        await using var app = await TestApp.StartAsync(engine, database, null, ("DataDirectory", directory), ("Database:ConnectionString", $"Data Source={Path.Combine(directory, "cardea.db")}"));
        await app.NewActor().SignUpAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
        var files = Directory.GetFiles(directory);
        Assert.Equal(["cardea.db", "cardea.db-shm", "cardea.db-wal", "master.key"], files.Select(Path.GetFileName).Where(name => name != "audit-checkpoints.jsonl").Order()); // a job makes that one, some time
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Theory]
    [OnSqlite("changeme"), OnSqlite("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), OnSqlite("c2hvcnQ="), OnSqlite("not base64 at all, but rather long, is it not?"), OnSqlite("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw==")]
    public async Task SR_02_A_master_key_that_is_none_is_a_start_fault_that_does_not_repeat_it(Engine engine, string key)
    {
        var fault = await Assert.ThrowsAsync<SettingsException>(() => TestApp.StartAsync(engine, ("MasterKey", key)));
        Assert.Contains("Cardea:MasterKey", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, fault.Message, StringComparison.Ordinal);

        await using var database = await TestDatabase.CreateAsync(engine);
        await File.WriteAllTextAsync(Path.Combine(database.Directory, "master.key"), key);
        fault = await Assert.ThrowsAsync<SettingsException>(() => TestApp.StartAsync(engine, database, null));
        Assert.Contains("master.key", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SR_04_Secrets_are_compared_in_constant_time_or_not_at_all()
    {
        // The names under which a secret or what checks it travels; a short-circuiting comparison of one tells how far a guess was right.
        const string Secret = "(?i)(hash|mac|token|secret|code|digest|tag|password)";
        var suspicious = SourceFiles.All().SelectMany(file => File.ReadLines(file).Select(line => (File: Path.GetFileName(file), Line: line.Trim())))
            .Where(pair => !pair.Line.StartsWith("//", StringComparison.Ordinal))
            .Where(pair => System.Text.RegularExpressions.Regex.IsMatch(pair.Line, $@"{Secret}\w*(\.Span|\.AsSpan\(\))?\.(SequenceEqual|SequenceCompareTo|Equals)\(|StructuralComparisons"))
            .Where(pair => pair.File is not "TokenHash.cs") // its Equals is itself without a branch
            .ToList();
        Assert.Empty(suspicious);
        Assert.True(SourceFiles.All().Count(file => File.ReadAllText(file).Contains("FixedTimeEquals(", StringComparison.Ordinal)) >= 3);
    }

    /// <summary>Raw, and as any tool would print it: hexadecimal, base64 at each offset, base64url, base32; and what the text decodes to.</summary>
    private static IEnumerable<byte[]> Spellings(string secret)
    {
        var raw = Encoding.UTF8.GetBytes(secret);
        yield return raw;
        yield return Encoding.Unicode.GetBytes(secret);
        byte[] decoded = new byte[secret.Length];
        var values = Base64UrlText.TryDecode(secret.TrimEnd('='), decoded, out var length) && length >= 16 ? new[] { raw, decoded[..length] }
            : Convert.TryFromBase64String(secret, decoded, out length) && length >= 16 ? [raw, decoded[..length]] : [raw];
        foreach (var value in values)
        {
            yield return value;
            yield return Encoding.ASCII.GetBytes(Convert.ToHexString(value));
            yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(value));
            yield return Encoding.ASCII.GetBytes(Base32Text.Encode(value).TrimEnd('='));
            for (var offset = 0; offset < 3; offset++)
            {
                var middle = Convert.ToBase64String([.. new byte[offset], .. value])[4..^4];
                yield return Encoding.ASCII.GetBytes(middle);
                yield return Encoding.ASCII.GetBytes(middle.Replace('+', '-').Replace('/', '_'));
            }
        }
    }

    /// <summary>The files as they lie there, and every row of every table.</summary>
    private static async Task<byte[]> StealAsync(TestApp app)
    {
        var all = new MemoryStream();
        foreach (var file in Directory.GetFiles(app.Database.Directory).Where(file => Path.GetFileName(file) != "master.key"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            await open.CopyToAsync(all);
        }

        foreach (var table in await app.Database.TablesAsync())
        {
            foreach (var row in (await app.Database.QueryAsync<object>($"SELECT * FROM {table}")).Cast<IDictionary<string, object>>())
            {
                foreach (var value in row.Values)
                {
                    all.Write(value as byte[] ?? Encoding.UTF8.GetBytes($"{value}\n"));
                }
            }
        }

        return all.ToArray();
    }
}

/// <summary>The product's own source, found from the folder that the tests were built in.</summary>
internal static class SourceFiles
{
    public static IReadOnlyList<string> All()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cardea.slnx")))
        {
            folder = folder.Parent;
        }

        Assert.NotNull(folder);
        return
        [
            .. Directory.EnumerateFiles(Path.Combine(folder.FullName, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)),
        ];
    }
}
