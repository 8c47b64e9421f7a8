using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Settings;

/// <summary>The program as an operator handles it: its commands, its start, its log and its end.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly string[] InDevelopment = ["--environment", "Development", "--urls", "http://127.0.0.1:0"];
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public async Task Help_names_the_commands(string arg)
    {
        var ended = await ServerProcess.RunAsync(_folder.Path, [arg]);

        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.All((string[])["serve", "--https", "migrate", "--version", "--urls"], word => Assert.Contains(word, ended.Out));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Version_is_the_one_that_the_server_tells()
    {
        var ended = await ServerProcess.RunAsync(_folder.Path, ["--version"]);

        Assert.Equal(0, ended.ExitCode);
        Assert.Matches(@"^cardea \d+\.\d+\.\d+\S*\n$", ended.Out);
        await using var server = ServerProcess.Start(_folder.Path, InDevelopment);
        using var http = new HttpClient();
        var about = JsonDocument.Parse(await http.GetStringAsync(await server.ListeningAsync())).RootElement;
        Assert.Equal($"cardea {about.GetProperty("version").GetString()}\n", ended.Out);
        Assert.Equal(0, (await server.StopAsync()).ExitCode);
    }

    [Fact]
    public async Task An_unknown_command_is_refused_with_a_sentence()
    {
        var ended = await ServerProcess.RunAsync(_folder.Path, ["server"]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Equal("There is no command \"server\". `cardea --help` lists the commands.\n", ended.Error);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Migrate_makes_the_schema_once_and_ends()
    {
        var first = await ServerProcess.RunAsync(_folder.Path, ["migrate", "--environment", "Development"]);
        var second = await ServerProcess.RunAsync(_folder.Path, ["migrate", "--environment", "Development"]);

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains("Ran 0001_main_job", first.Out);
        Assert.EndsWith("The schema is up to date.\n", second.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_on_an_empty_folder_makes_the_master_key_too_so_that_every_command_works_after_it()
    {
        string[] place = ["--environment", "Development"];
        var made = await ServerProcess.RunAsync(_folder.Path, ["migrate", .. place]);
        Assert.Contains($"Made the master key {_folder.File("data/master.key")}. Keep a copy elsewhere", made.Out, StringComparison.Ordinal);
        var key = await File.ReadAllTextAsync(_folder.File("data/master.key"));

        foreach (var command in (string[][])[["user", "list"], ["keys", "list"], ["audit", "verify"], ["user", "add", "alice@example.org"], ["keys", "rotate"]])
        {
            var ended = await ServerProcess.RunAsync(_folder.Path, [.. command, .. place]);
            Assert.True(ended is { ExitCode: 0, Error: "" }, $"{string.Join(' ', command)}: {ended.Error}");
        }

        Assert.Equal(key, await File.ReadAllTextAsync(_folder.File("data/master.key")));

        // A key that is gone from a database which was used with it is not replaced: nothing could be read again.
        File.Delete(_folder.File("data/master.key"));
        Assert.DoesNotContain("Made the master key", (await ServerProcess.RunAsync(_folder.Path, ["migrate", .. place])).Out, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("data/master.key")));
        Assert.StartsWith("There is no master key in", (await ServerProcess.RunAsync(_folder.Path, ["user", "list", .. place])).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_was_migrated_without_a_key_and_never_used_asks_nobody_for_one()
    {
        string[] place = ["--environment", "Development"];
        await ServerProcess.RunAsync(_folder.Path, ["migrate", .. place]);
        File.Delete(_folder.File("data/master.key"));

        var ended = await ServerProcess.RunAsync(_folder.Path, ["user", "add", "alice@example.org", .. place]);

        Assert.True(ended is { ExitCode: 0, Error: "" }, ended.Error);
        Assert.True(File.Exists(_folder.File("data/master.key")));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_told_in_a_sentence()
    {
        var ended = await ServerProcess.RunAsync(_folder.Path, [
            .. InDevelopment, "--Cardea:Database:Provider=postgres", "--Cardea:Database:ConnectionString=Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Database=d;Timeout=2"]);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("Cardea:Database:ConnectionString", ended.Error);
        Assert.DoesNotContain("   at ", ended.Error);
        Assert.DoesNotContain("hunter2", ended.Out + ended.Error);
    }

    [Fact]
    public async Task A_port_in_use_is_told_in_a_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        var ended = await ServerProcess.RunAsync(_folder.Path, ["--environment", "Development", "--urls", url]);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(url, ended.Error);
        Assert.DoesNotContain("   at ", ended.Error);
    }

    [Theory]
    [InlineData("--urls=nonsense", "urls: \"nonsense\" was given")]
    [InlineData("--urls=http://127.0.0.1:0;ftp://localhost:1", "urls: \"ftp://localhost:1\" was given")]
    [InlineData("--urls=http://127.0.0.1:99999", "urls: \"http://127.0.0.1:99999\" was given")]
    [InlineData("--urls=https://127.0.0.1:0", "certificate")]
    [InlineData("--urls=http://192.0.2.1:8080", "--urls")]
    [InlineData("--Kestrel:Endpoints:Http:Url=zzz", "zzz")]
    [InlineData("--Logging:LogLevel:Default=Loud", "Loud")]
    public async Task RE_23_A_wrong_setting_of_the_framework_ends_the_start_in_the_same_way(string arg, string told)
    {
        var ended = await ServerProcess.RunAsync(_folder.Path, ["--environment", "Development", arg]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains(told, ended.Error);
        Assert.DoesNotContain("   at ", ended.Error);
        Assert.DoesNotContain("Cardea is listening", ended.Out);
    }

    /// <summary>The strongest that sets a key decides: the command line, the environment, `.env`, then the file.</summary>
    [Fact]
    public async Task Settings_are_read_from_appsettings_json_where_the_program_was_started()
    {
        _folder.File("appsettings.json", """{"Cardea":{"Branding":{"Name":"From the file"},"Passwords":{"MinimumLength":11,"Iterations":3},"Tokens":{"AccessTokenMinutes":7}}}""");
        _folder.File("appsettings.Development.json", """{"Cardea":{"Tokens":{"AccessTokenMinutes":8}}}""");
        _folder.File(".env", "Cardea__Passwords__MinimumLength=12\n");

        var shown = await ServerProcess.RunAsync(_folder.Path, ["settings", "--environment", "Development", "--Cardea:Passwords:Iterations=4"]);

        Assert.True(shown is { ExitCode: 0, Error: "" }, shown.Error);
        Assert.All(
            [("Branding:Name", "From the file"), ("Passwords:MinimumLength", "12"), ("Passwords:Iterations", "4"), ("Tokens:AccessTokenMinutes", "8")],
            one => Assert.Matches($@"(?m)^Cardea:{one.Item1}\s.*{one.Item2}", shown.Out));

        _folder.File("appsettings.json", "{ no JSON");
        var broken = await ServerProcess.RunAsync(_folder.Path, InDevelopment);
        Assert.Equal(2, broken.ExitCode);
        Assert.Contains(_folder.File("appsettings.json"), broken.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", broken.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_administrator_of_the_settings_can_sign_in_as_soon_as_anything_answers()
    {
        var port = Nginx.FreePort();
        await using var server = ServerProcess.Start(
            _folder.Path,
            ["--environment", "Development", "--urls", $"http://127.0.0.1:{port}", "--Cardea:Bootstrap:AdminEmail=root@example.org", "--Cardea:Bootstrap:AdminPassword=quiet lantern over water"]);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        HttpResponseMessage? answer = null;
        for (var begun = Stopwatch.StartNew(); answer is null && begun.Elapsed < TimeSpan.FromSeconds(60);)
        {
            try
            {
                answer = await http.PostAsJsonAsync("/auth/login", new { email = "root@example.org", password = "quiet lantern over water" });
            }
            catch (HttpRequestException)
            {
                await Task.Delay(1); // nobody listens yet
            }
        }

        using (answer)
        {
            Assert.Equal(HttpStatusCode.OK, answer?.StatusCode);
        }
    }

    [Fact]
    public async Task A_cost_below_what_OWASP_asks_for_is_warned_of_at_the_start()
    {
        foreach (var (memory, passes, isWarned) in new[] { (1024, 2, true), (19456, 1, true), (7168, 4, true), (19456, 2, false), (7168, 5, false), (47104, 1, false) })
        {
            await using var server = ServerProcess.Start(_folder.Path, [.. InDevelopment, $"--Cardea:Passwords:MemoryKiB={memory}", $"--Cardea:Passwords:Iterations={passes}"]);
            await server.ListeningAsync();
            var told = server.Out.Contains("less than OWASP asks for", StringComparison.Ordinal);
            Assert.True(told == isWarned, $"{memory} KiB, {passes} passes: {server.Out}");
            await server.StopAsync();
        }
    }

    [Fact]
    public async Task A_kept_certificate_that_is_none_is_told_and_left_alone()
    {
        Directory.CreateDirectory(_folder.File("data"));
        _folder.File("data/localhost.pem", "not a certificate");

        var ended = await ServerProcess.RunAsync(_folder.Path, ["--https", "--environment", "Development", "--urls", "https://127.0.0.1:0"]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("localhost.pem: needed is a certificate with its key", ended.Error);
        Assert.Equal("not a certificate", await File.ReadAllTextAsync(_folder.File("data/localhost.pem")));
    }

    /// <summary>`server.crt` and `server.key` beside `.env`, as the settings name them.</summary>
    [Fact]
    public async Task TLS_files_are_looked_for_where_the_program_was_started()
    {
        await CertificateAsync(["--https", "--environment", "Development", "--urls", "https://127.0.0.1:0"]);
        File.Copy(_folder.File("data/localhost.pem"), _folder.File("server.crt"));
        File.Copy(_folder.File("data/localhost.pem"), _folder.File("server.key"));
        _folder.File(".env", "Kestrel__Certificates__Default__Path=server.crt\nKestrel__Certificates__Default__KeyPath=server.key\n");

        var (_, url) = await CertificateAsync(["--environment", "Development", "--urls", "https://127.0.0.1:0"]);

        Assert.StartsWith("https://", url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Production_every_line_of_the_log_is_one_JSON_object()
    {
        await using var server = ServerProcess.Start(_folder.Path, ["--urls", "http://127.0.0.1:0", "--Cardea:PublicUrl=https://id.example.org", "--Cardea:Mail:Transport=none"]);
        var address = await server.ListeningAsync();
        using var http = new HttpClient();
        await http.GetAsync(new Uri(address, "/health"));

        var ended = await server.StopAsync();

        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        var lines = ended.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(lines, line => Assert.Equal(JsonValueKind.Object, line.ValueKind));
        Assert.Single(lines, line => line.GetProperty("Message").GetString() == $"Cardea is listening on {address.GetLeftPart(UriPartial.Authority)}");
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", line.GetProperty("Timestamp").GetString()));
    }

    [Fact]
    public async Task Https_makes_a_certificate_for_localhost_and_keeps_it()
    {
        string[] args = ["--https", "--environment", "Development", "--urls", "https://127.0.0.1:0"];

        var (first, issuer) = await CertificateAsync(args);
        var (second, _) = await CertificateAsync(args);

        Assert.Equal(first, second);
        Assert.StartsWith("https://127.0.0.1:", issuer, StringComparison.Ordinal);
    }

    /// <summary>Either it listens there, or somebody else does and it says so.</summary>
    [Fact]
    public async Task Https_alone_means_port_8443_of_localhost()
    {
        await using var server = ServerProcess.Start(_folder.Path, ["serve", "--https", "--environment", "Development"]);
        string told;
        try
        {
            told = (await server.ListeningAsync()).ToString();
        }
        catch (InvalidOperationException)
        {
            told = (await server.EndAsync()).Error;
        }

        Assert.Contains(":8443", told);
    }

    /// <summary>The request has been let in before the signal and is finished after it; new ones are not taken.</summary>
    [Fact]
    public async Task RE_13_SIGTERM_lets_a_request_in_flight_finish_and_ends_with_0()
    {
        await using var server = ServerProcess.Start(_folder.Path, InDevelopment);
        var address = await server.ListeningAsync();
        const string body = """{"email":"nobody@example.org","password":"violet tractor lamp nine"}""";
        using var slow = new TcpClient(address.Host, address.Port) { ReceiveTimeout = 30_000 };
        var stream = slow.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 100", await ReadAsync(stream), StringComparison.Ordinal); // somebody is reading the body

        await server.TerminateAsync();
        await ClosedAsync(address);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body));

        var answer = await ReadAsync(stream);
        Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal);
        Assert.Contains("invalid_credentials", answer);
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
    }

    private async Task<(string Thumbprint, string Url)> CertificateAsync(string[] args)
    {
        await using var server = ServerProcess.Start(_folder.Path, args);
        var address = await server.ListeningAsync();
        var thumbprint = "";
        using var kept = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_folder.File("data/localhost.pem")));
        using var handler = new HttpClientHandler();
        handler.ServerCertificateCustomValidationCallback = (_, certificate, chain, _) =>
        {
            // As a client would that was given the file as its root: the chain must hold, and the names must be localhost's.
            thumbprint = certificate!.Thumbprint;
            chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(kept);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(certificate) && certificate.MatchesHostname("localhost") && certificate.MatchesHostname("127.0.0.1");
        };
        using var http = new HttpClient(handler);
        var answer = await http.GetAsync(new Uri(address, "/health"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.Contains("Strict-Transport-Security"));
        await server.StopAsync();
        return (thumbprint, address.ToString());
    }

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var buffer = new byte[8192];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, patience.Token));
    }

    private static async Task ClosedAsync(Uri address)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(address.Host, address.Port);
            }
            catch (SocketException)
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail("The port stayed open after SIGTERM.");
    }
}
