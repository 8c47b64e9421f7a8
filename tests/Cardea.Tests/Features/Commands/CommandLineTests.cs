using Cardea.Server.Commands;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Commands;

/// <summary>What every command does with its command line, before it does anything else.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_lists_every_command_with_its_usage()
    {
        var help = (await Cli.RunAsync("", "--help")).Worked().Out;

        Assert.All(CommandTable.All, command => Assert.Contains($"\n{command.Line}\n    {command.Says}\n", help));
        Assert.True(CommandTable.All.Count > 10);
    }

    [Fact]
    public async Task Every_command_has_a_help_of_its_own_and_every_group()
    {
        foreach (var command in CommandTable.All)
        {
            foreach (var asked in new[] { "--help", "-h" })
            {
                var help = (await Cli.RunAsync("", [.. command.Name.Split(' '), asked])).Worked().Out;
                Assert.StartsWith($"{command.Line}\n\n{command.Says}\n", help, StringComparison.Ordinal);
            }
        }

        Assert.Contains("cardea user revoke ACCOUNT ROLE", (await Cli.RunAsync("", "user", "--help")).Worked().Out);
    }

    [Theory]
    [InlineData("There is no command \"server\"", "server")]
    [InlineData("there is no \"remove\". It is one of: user add,", "user", "remove")]
    [InlineData("something is missing. It is one of: user add,", "user")]
    [InlineData("cardea serve: \"8080\" is one word too many", "serve", "8080")]
    [InlineData("cardea serve: \"--port\" is not among its options", "serve", "--port", "8080")]
    [InlineData("cardea serve: \"--url=http://localhost:1\" is not among its options", "--url=http://localhost:1")]
    [InlineData("cardea serve: \"-v\" is not among its options", "-v")]
    [InlineData("cardea serve: --https takes no value", "--https=yes")]
    [InlineData("cardea serve: --urls needs a value", "serve", "--urls")]
    [InlineData("cardea serve: --Cardea:PublicUrl needs a value", "--Cardea:PublicUrl", "--https")]
    [InlineData("cardea serve: \"--Cardea__PublicUrl=http://localhost\" is not among its options", "--Cardea__PublicUrl=http://localhost")]
    [InlineData("cardea migrate: \"now\" is one word too many", "migrate", "now")]
    [InlineData("cardea user show: something is missing. Usage: cardea user show ACCOUNT", "user", "show")]
    [InlineData("cardea user grant: something is missing", "user", "grant", "alice")]
    [InlineData("cardea keys rotate: \"--soon\" is not among its options", "keys", "rotate", "--soon")]
    [InlineData("cardea user list: --limit is a whole number from 1; \"no\" was given", "user", "list", "--limit", "no")]
    public async Task What_is_not_understood_is_told_in_a_sentence_with_code_2(string told, params string[] args)
    {
        var ended = await Cli.RunAsync("", args);

        Assert.Equal((2, ""), (ended.ExitCode, ended.Out));
        Assert.Contains(told, ended.Error);
        Assert.Single(ended.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_wrong_setting_ends_every_command_with_code_2()
    {
        foreach (var command in CommandTable.All.Where(command => command.Name is not ("serve" or "doctor")))
        {
            var words = command.Usage.Split(' ').Where(word => word.All(char.IsAsciiLetterUpper) && word.Length > 0).Select(_ => "alice@example.org");
            var ended = await Cli.RunAsync("", [.. command.Name.Split(' '), .. words, "--Cardea:Docs:Enabled=perhaps", "--environment", "Development"]);

            Assert.True((2, "") == (ended.ExitCode, ended.Out), $"{command.Name}: {ended.ExitCode} {ended.Out}");
            Assert.Contains("Cardea:Docs:Enabled: \"perhaps\" was given", ended.Error);
        }
    }

    [Fact]
    public async Task A_command_in_the_wrong_folder_makes_nothing()
    {
        using var folder = new TestFolder();
        foreach (var args in new string[][] { ["user", "list"], ["user", "disable", "alice"], ["keys", "rotate"], ["keys", "list"] })
        {
            var ended = await Cli.RunAsync("", [.. args, "--environment", "Development", $"--Cardea:DataDirectory={folder.File("data")}"]);

            Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
            Assert.Contains($"There is no database at {folder.File("data/cardea.db")}", ended.Error);
            Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        }
    }

    [Fact]
    public async Task Settings_tells_where_each_comes_from_and_no_secret()
    {
        using var folder = new TestFolder();
        var file = folder.File("smtp-password", "hunter3");
        var ended = (await Cli.RunAsync(
            "", "settings", "--environment", "Development", "--Cardea:Sessions:IdleDays=30", $"--Cardea:Mail:Smtp:PasswordFile={file}",
            "--Cardea:Database:Provider=postgres", "--Cardea:Database:ConnectionString=Host=db.example.org;Username=u;Password=hunter2")).Worked();

        Assert.Matches(@"(?m)^Cardea:Sessions:IdleDays +30 +set on the command line$", ended.Out);
        Assert.Matches(@"(?m)^Cardea:Sessions:AbsoluteDays +90 +default$", ended.Out);
        Assert.Matches(@"(?m)^Cardea:Database:ConnectionString +\(secret\) +set on the command line$", ended.Out);
        Assert.Matches(@"(?m)^Cardea:Mail:Smtp:Password +\(secret\) +set on the command line$", ended.Out);
        Assert.Matches(@"(?m)^Cardea:MasterKey +unset +default$", ended.Out);
        Assert.DoesNotContain("hunter", ended.Out);
        Assert.Equal([file], Directory.GetFileSystemEntries(folder.Path));
    }
}
