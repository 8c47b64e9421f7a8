using System.Net;
using System.Net.Sockets;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Settings;

/// <summary>
/// Wrong settings end the start: code 2, and on standard error the key, what was given and what is allowed. Half a configuration that starts
/// all the same is how protections go missing.
/// </summary>
public sealed class BrokenSettingsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("PublicUrl", "id.example.org", "https://id.example.org")]
    [InlineData("PublicUrl", "ftp://id.example.org", "https://id.example.org")]
    [InlineData("PublicUrl", "https://id.example.org/path", "without a path")]
    [InlineData("PublicUrl", "https://me@id.example.org", "without a path")]
    [InlineData("Cors:AllowedOrigins", "*", "never *")]
    [InlineData("Cors:AllowedOrigins", "null", "null")]
    [InlineData("Cors:AllowedOrigins", "https://app.example.org/", "without a path")]
    [InlineData("Docs:Enabled", "yes", "true or false")]
    [InlineData("TrustedProxies", "10.0.0.0/33", "10.0.0.0/8")]
    [InlineData("TrustedProxies", "proxy.example.org", "10.0.0.7")]
    [InlineData("Database:Provider", "mysql", "sqlite or postgres")]
    [InlineData("Database:Provider", "1", "sqlite or postgres")]
    [InlineData("Mail:Transport", "sendmail", "smtp or mailbox or none")]
    [InlineData("Mail:From", "nobody", "one address")]
    [InlineData("Mail:From", "a@example.org, b@example.org", "one address")]
    [InlineData("Mail:TemplatesDirectory", "/nowhere/at/all", "")]
    [InlineData("Mail:Smtp:Port", "0", "from 1 to 65535")]
    [InlineData("Mail:Smtp:Port", "65536", "from 1 to 65535")]
    [InlineData("Mail:Smtp:Security", "ssl", "starttls, tls or none")]
    [InlineData("SignUp:Enabled", "1", "true or false")]
    [InlineData("SignUp:RequireVerifiedEmail", "on", "true or false")]
    [InlineData("SignUp:ConcealExistingAccounts", "true", "Cardea:SignUp:RequireVerifiedEmail=true")]
    [InlineData("Passwords:MinimumLength", "0", "from 1 to 128")]
    [InlineData("Passwords:MinimumLength", "8.5", "from 1 to 128")]
    [InlineData("Passwords:MemoryKiB", "1023", "from 1024")]
    [InlineData("Passwords:MemoryKiB", "99999999999999", "from 1024")]
    [InlineData("Passwords:Iterations", "-1", "from 1")]
    [InlineData("Passwords:Parallelism", "0", "from 1")]
    [InlineData("Passwords:RefuseCommon", "no", "true or false")]
    [InlineData("Recovery:Method", "telephone", "link or code or temporary-password")]
    [InlineData("Tokens:AccessTokenMinutes", "0", "from 1 to 1440")]
    [InlineData("Tokens:Algorithm", "none", "ES256, RS256 or PS256")]
    [InlineData("Tokens:Algorithm", "HS256", "ES256, RS256 or PS256")]
    [InlineData("Tokens:RefreshTokenDays", "thirty", "from 1 to 3650")]
    [InlineData("Sessions:IdleDays", "0", "from 1 to 3650")]
    [InlineData("Sessions:AbsoluteDays", "99999", "from 1 to 3650")]
    [InlineData("Sessions:MaxPerAccount", "-1", "from 0")]
    [InlineData("Sessions:WhenFull", "ask", "refuse or replace")]
    [InlineData("SignIn:NotifyByMail", "sometimes", "never or new-device or always")]
    [InlineData("SignIn:MailedCode", "sometimes", "off or new-device or always")]
    [InlineData("SignIn:RequireSecondFactor", "nobody", "never or admins or everyone")]
    [InlineData("SignIn:Challenge", "sometimes", "off or under-attack or always")]
    [InlineData("SignIn:ChallengeAddressFailures", "0", "from 1 to 1000000")]
    [InlineData("SignIn:ChallengeServerFailures", "many", "from 1 to 1000000")]
    [InlineData("Admin:Impersonation", "perhaps", "false")]
    [InlineData("Branding:AccentColor", "blue", "#2f5bd7")]
    [InlineData("Branding:LogoPath", "/nowhere.svg", "a file that exists")]
    [InlineData("Bootstrap:AdminEmail", "root", "one e-mail address")]
    public async Task RE_23_A_wrong_value_ends_the_start(string key, string given, string allowed)
    {
        var ended = await StartAsync($"--Cardea:{key}={given}");

        Assert.Equal(2, ended.ExitCode);
        var line = ended.Error.Split('\n').FirstOrDefault(line => line.StartsWith($"Cardea:{key}: ", StringComparison.Ordinal));
        Assert.True(line is not null, ended.Error);
        Assert.Contains($"\"{given}\"", line);
        Assert.Contains(allowed, line);
        Assert.DoesNotContain("   at ", ended.Error); // a sentence, not a stack trace
        Assert.Equal("", ended.Out);
    }

    [Theory]
    [InlineData("Passwords:MinimumLenght", "Cardea:Passwords:MinimumLength")]
    [InlineData("RequireVerifiedEmail", "Cardea:SignUp:RequireVerifiedEmail")]
    [InlineData("Docs", "Cardea:Docs:Enabled")]
    [InlineData("Docs:Enabled:0", null)]
    [InlineData("Something:Else", null)]
    public async Task RE_23_A_key_that_nobody_reads_ends_the_start(string key, string? meant)
    {
        var ended = await StartAsync($"--Cardea:{key}=12");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains($"Cardea:{key}: there is no such setting", ended.Error);
        Assert.True(meant is null || ended.Error.Contains($"did you mean {meant}", StringComparison.Ordinal), ended.Error);
    }

    [Fact]
    public async Task RE_23_All_faults_are_told_at_once_and_nothing_listens_or_is_made()
    {
        var port = FreePort();
        var ended = await ServerProcess.RunAsync(_folder.Path, [
            "--urls", $"http://127.0.0.1:{port}", "--environment", "Production", "--Cardea:Passwords:MinimumLength=none", "--Cardea:Tokens:Algorithm=none", "--Cardea:Nothing=1", "--Cardea:Database:Provider=postgres"]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Equal(
            ["Cardea:Database:ConnectionString", "Cardea:Mail:Transport", "Cardea:Nothing", "Cardea:Passwords:MinimumLength", "Cardea:PublicUrl", "Cardea:Tokens:Algorithm"],
            ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ")[0]).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_faulty_program_never_binds_its_port()
    {
        var port = FreePort();
        using var taken = new TcpListener(IPAddress.Loopback, port);
        taken.Start(); // were it to bind before it reads the settings, the address in use would be the fault it tells of

        var ended = await StartAsync("--urls", $"http://127.0.0.1:{port}", "--Cardea:Docs:Enabled=perhaps");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("Cardea:Docs:Enabled", ended.Error);
    }

    [Fact]
    public async Task Production_demands_a_public_URL_and_a_decision_about_mail()
    {
        var bare = await ServerProcess.RunAsync(_folder.Path, []);
        var withMailbox = await ServerProcess.RunAsync(_folder.Path, ["--environment", "Production", "--Cardea:PublicUrl=https://id.example.org", "--Cardea:Mail:Transport=mailbox"]);
        var withoutHost = await ServerProcess.RunAsync(_folder.Path, ["--Cardea:PublicUrl=https://id.example.org", "--Cardea:Mail:Transport=smtp"]);

        Assert.Equal((2, 2, 2), (bare.ExitCode, withMailbox.ExitCode, withoutHost.ExitCode));
        Assert.Contains("Cardea:PublicUrl: nothing was given", bare.Error); // Production is what a program is that nobody said anything to
        Assert.Contains("Cardea:Mail:Transport: nothing was given", bare.Error);
        Assert.Contains("Cardea:Mail:Transport: \"mailbox\" was given; needed in Production is smtp or none", withMailbox.Error);
        Assert.Contains("Cardea:Mail:Smtp:Host: nothing was given", withoutHost.Error);
    }

    [Fact]
    public async Task The_first_administrator_needs_both_address_and_password()
    {
        var ended = await StartAsync("--Cardea:Bootstrap:AdminEmail=root@example.org");
        var tooShort = await StartAsync("--Cardea:Bootstrap:AdminEmail=root@example.org", "--Cardea:Bootstrap:AdminPassword=seven77");

        Assert.Equal((2, 2), (ended.ExitCode, tooShort.ExitCode));
        Assert.Contains("Cardea:Bootstrap:AdminPassword: nothing was given", ended.Error);
        Assert.Contains("Cardea:Bootstrap:AdminPassword", tooShort.Error);
        Assert.DoesNotContain("seven77", tooShort.Error);
    }

    private Task<Ended> StartAsync(params string[] args) => ServerProcess.RunAsync(_folder.Path, ["serve", "--environment", "Development", "--urls", "http://127.0.0.1:0", .. args]);

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
