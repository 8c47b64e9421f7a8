using System.Runtime.Versioning;
using System.Security.Cryptography;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Settings;

/// <summary>Secrets in settings: as themselves or in a file, never in a message, never in the log.</summary>
public sealed class SecretSettingsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("MasterKey", "hunter2-hunter2")]
    [InlineData("MasterKey", "changeme")]
    [InlineData("Database:ConnectionString", "hunter2-hunter2")]
    [InlineData("Database:ConnectionString", "Data Source=x;Nonsense=hunter2-hunter2")]
    [InlineData("Database:ConnectionString", "Data Source=x;Mode=hunter2-hunter2")]
    public async Task SR_02_A_wrong_secret_ends_the_start_and_is_never_echoed(string key, string given)
    {
        var direct = await StartAsync($"--Cardea:{key}={given}");
        var byFile = await StartAsync($"--Cardea:{key}File={_folder.File("secret", given + "\n")}");

        foreach (var ended in new[] { direct, byFile })
        {
            Assert.Equal(2, ended.ExitCode);
            Assert.Contains($"Cardea:{key}: \"(secret)\" was given", ended.Error);
            Assert.DoesNotContain("hunter2", ended.Error);
            Assert.DoesNotContain("changeme", ended.Error);
        }
    }

    [Fact]
    public async Task An_unknown_key_is_told_without_its_value()
    {
        var ended = await StartAsync("--Cardea:Mail:Smtp:Pasword=hunter2-hunter2");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("did you mean Cardea:Mail:Smtp:Password", ended.Error);
        Assert.DoesNotContain("hunter2", ended.Error);
    }

    [Theory]
    [InlineData("MasterKey")]
    [InlineData("Database:ConnectionString")]
    [InlineData("Mail:Smtp:Password")]
    [InlineData("Bootstrap:AdminPassword")]
    public async Task Every_secret_has_a_file_form_that_must_be_there_and_stand_alone(string key)
    {
        var missing = await StartAsync($"--Cardea:{key}File=/nowhere/secret");
        var both = await StartAsync($"--Cardea:{key}=hunter2", $"--Cardea:{key}File={_folder.File("secret", "hunter2")}");

        Assert.Equal((2, 2), (missing.ExitCode, both.ExitCode));
        Assert.Contains($"Cardea:{key}File: \"/nowhere/secret\" was given; needed is a file that this process can read", missing.Error);
        Assert.Contains($"Cardea:{key}File: ", both.Error);
        Assert.Contains($"allowed is this or Cardea:{key}, not both", both.Error);
        Assert.DoesNotContain("hunter2", both.Error);
    }

    [Fact]
    public async Task A_master_key_from_a_file_is_used_and_none_is_made()
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await using var server = ServerProcess.Start(_folder.Path, Args($"--Cardea:MasterKeyFile={_folder.File("secret", key + "\r\n")}"));
        await server.ListeningAsync();

        Assert.False(File.Exists(_folder.File("data/master.key")));
        Assert.True(File.Exists(_folder.File("data/cardea.db")));
        var ended = await server.StopAsync();
        Assert.DoesNotContain(key, ended.Out + ended.Error);
    }

    [Fact]
    public async Task Another_master_key_than_the_databases_is_told_before_it_listens()
    {
        await using (var first = ServerProcess.Start(_folder.Path, Args()))
        {
            var address = await first.ListeningAsync();
            using var http = new HttpClient();
            await http.GetStringAsync(new Uri(address, "/.well-known/jwks.json"));
            await first.StopAsync();
        }

        var other = await ServerProcess.RunAsync(_folder.Path, Args($"--Cardea:MasterKey={Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}"));

        Assert.Equal(1, other.ExitCode);
        Assert.Contains("can't be opened with this master key. Set Cardea:MasterKey to the key that this database was used with.", other.Error);
        Assert.DoesNotContain("Cardea is listening", other.Out);
    }

    [Fact]
    public async Task A_master_key_file_that_is_no_key_is_left_alone_and_told()
    {
        Directory.CreateDirectory(_folder.File("data"));
        _folder.File("data/master.key", "not a key");

        var ended = await StartAsync();

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("master.key: needed is base64 of 32 bytes", ended.Error);
        Assert.Equal("not a key", await File.ReadAllTextAsync(_folder.File("data/master.key")));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task SR_02_Folder_database_and_key_are_their_owners_alone_whatever_the_umask()
    {
        await using var server = ServerProcess.Start(_folder.Path, Args("--https", "--urls", "https://127.0.0.1:0"));
        await server.ListeningAsync();

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.File("data")));
        var files = Directory.GetFiles(_folder.File("data")).ToDictionary(path => Path.GetFileName(path)!, File.GetUnixFileMode);
        Assert.Contains("cardea.db", files.Keys);
        Assert.Contains("cardea.db-wal", files.Keys);
        Assert.Contains("master.key", files.Keys);
        Assert.Contains("localhost.pem", files.Keys);
        Assert.All(files, file => Assert.Equal((file.Key, owner), (file.Key, file.Value)));
        await server.StopAsync();
    }

    /// <summary>Two that start at once in a new folder share one key: the one that comes second must not write another.</summary>
    [Fact]
    public async Task Two_first_starts_at_once_agree_on_one_master_key()
    {
        await using var one = ServerProcess.Start(_folder.Path, Args());
        await using var two = ServerProcess.Start(_folder.Path, Args());
        using var http = new HttpClient();

        var keys = await Task.WhenAll(
            http.GetStringAsync(new Uri(await one.ListeningAsync(), "/.well-known/jwks.json")),
            http.GetStringAsync(new Uri(await two.ListeningAsync(), "/.well-known/jwks.json")));

        Assert.Equal(keys[0], keys[1]);
        Assert.Equal((0, 0), ((await one.StopAsync()).ExitCode, (await two.StopAsync()).ExitCode));
    }

    private Task<Ended> StartAsync(params string[] args) => ServerProcess.RunAsync(_folder.Path, Args(args));

    private static string[] Args(params string[] more) => ["--environment", "Development", "--urls", "http://127.0.0.1:0", .. more];
}
