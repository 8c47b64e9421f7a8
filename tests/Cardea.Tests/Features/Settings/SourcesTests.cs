using System.Net;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Features.Settings;

/// <summary>Where settings come from. Which of two won is read off the fault that a wrong value causes.</summary>
public sealed class SourcesTests : IDisposable
{
    private const string Key = "Cardea:Passwords:MinimumLength";
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_nearer_source_wins_from_appsettings_to_the_command_line()
    {
        var program = CopyOfTheProgram("""{ "Cardea": { "Passwords": { "MinimumLength": "of-appsettings" } } }""");
        var environment = new Dictionary<string, string> { ["Cardea__Passwords__MinimumLength"] = "of-environment" };

        var appsettings = await RunAsync(program, [], []);
        _folder.File(".env", "Cardea__Passwords__MinimumLength=of-env-file\n");
        var envFile = await RunAsync(program, [], []);
        var variable = await RunAsync(program, environment, []);
        var commandLine = await RunAsync(program, environment, [$"--{Key}=of-command-line"]);

        Assert.Equal(["of-appsettings", "of-env-file", "of-environment", "of-command-line"], new[] { appsettings, envFile, variable, commandLine }.Select(Given));
    }

    [Theory]
    [InlineData("Cardea__Passwords__MinimumLength=plain", "plain")]
    [InlineData("export Cardea__Passwords__MinimumLength=exported", "exported")]
    [InlineData("Cardea:Passwords:MinimumLength = spaced ", "spaced")]
    [InlineData("CARDEA__PASSWORDS__MINIMUMLENGTH=upper", "upper")]
    [InlineData("# a comment\r\n\r\nCardea__Passwords__MinimumLength=crlf\r\n", "crlf")]
    [InlineData("Cardea__Passwords__MinimumLength=short # a comment", "short")]
    [InlineData("Cardea__Passwords__MinimumLength=\"quoted # no comment\"", "quoted # no comment")]
    [InlineData("Cardea__Passwords__MinimumLength='single $HOME `id`'", "single $HOME `id`")]
    [InlineData("Cardea__Passwords__MinimumLength=$HOME", "$HOME")]
    [InlineData("Cardea__Passwords__MinimumLength=\"a \\\"word\\\"\"", "a \"word\"")]
    [InlineData("Cardea__Passwords__MinimumLength=first\nCardea__Passwords__MinimumLength=last", "last")]
    [InlineData("\ufeffCardea__Passwords__MinimumLength=bom", "bom")]
    public async Task A_line_of_an_env_file_means_what_it_says_and_nothing_is_executed(string text, string value)
    {
        _folder.File(".env", text);

        Assert.Equal(value, Given(await RunAsync(null, [], [])));
    }

    [Theory]
    [InlineData("Cardea__MasterKey hunter2", ".env, line 1")]
    [InlineData("\nCardea__MasterKey='hunter2", ".env, line 2")]
    [InlineData("=hunter2", ".env, line 1")]
    public async Task A_broken_line_of_an_env_file_ends_the_start_without_its_text(string text, string told)
    {
        _folder.File(".env", text);

        var ended = await RunAsync(null, [], []);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains(told, ended.Error);
        Assert.DoesNotContain("hunter2", ended.Error);
    }

    [Fact]
    public async Task An_env_file_also_tells_the_host_where_to_listen_and_in_which_environment()
    {
        _folder.File(".env", "ASPNETCORE_ENVIRONMENT=Development\nASPNETCORE_URLS=http://127.0.0.1:0\n");

        await using var server = ServerProcess.Start(_folder.Path, []);
        var address = await server.ListeningAsync();
        var stronger = await ServerProcess.RunAsync(_folder.Path, [], new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Production" });

        Assert.Equal("127.0.0.1", address.Host);
        Assert.Equal(2, stronger.ExitCode);
        Assert.Contains("needed in Production", stronger.Error);
        Assert.Equal(0, (await server.StopAsync()).ExitCode);
    }

    [Fact]
    public async Task Lists_are_indexed_or_one_value_with_commas()
    {
        await using var indexed = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies:0", "10.0.0.7"), ("TrustedProxies:1", "192.168.0.0/16"));
        await using var commas = await TestApp.StartAsync(Engine.Sqlite, ("TrustedProxies", "10.0.0.7, 192.168.0.0/16"));

        IPNetwork[] expected = [IPNetwork.Parse("10.0.0.7/32"), IPNetwork.Parse("192.168.0.0/16")];
        Assert.Equal(expected, indexed.Services.GetRequiredService<ServerOptions>().TrustedProxies);
        Assert.Equal(expected, commas.Services.GetRequiredService<ServerOptions>().TrustedProxies);
    }

    private Task<Ended> RunAsync(string? program, Dictionary<string, string> environment, string[] args) => ServerProcess.RunAsync(
        _folder.Path, ["--environment", "Development", "--urls", "http://127.0.0.1:0", .. args], environment, program);

    private static string Given(Ended ended)
    {
        Assert.Equal(2, ended.ExitCode);
        var start = $"{Key}: \"";
        Assert.StartsWith(start, ended.Error, StringComparison.Ordinal);
        return ended.Error[start.Length..ended.Error.IndexOf("\" was given", StringComparison.Ordinal)];
    }

    /// <summary>The program with another appsettings.json beside it, where it looks for one.</summary>
    private string CopyOfTheProgram(string appsettings)
    {
        var copy = Directory.CreateDirectory(_folder.File("program")).FullName;
        foreach (var path in Directory.GetFiles(AppContext.BaseDirectory, "*.dll"))
        {
            File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
        }

        foreach (var name in new[] { "Cardea.Server.deps.json", "Cardea.Server.runtimeconfig.json" })
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, name), Path.Combine(copy, name));
        }

        File.WriteAllText(Path.Combine(copy, "appsettings.json"), appsettings);
        return Path.Combine(copy, "Cardea.Server.dll");
    }
}
