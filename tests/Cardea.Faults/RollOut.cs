using System.Diagnostics;
using Cardea.Foundation.Data;
using Cardea.Tests.Faults;
using Cardea.Tests.Harness;
using Cardea.Tests.House;

namespace Cardea.Faults;

/// <summary>An update as an operator does it: the last version that was released, built from the history of this repository, and this one in its place.</summary>
public sealed class RollOut(OlderProgram older) : IClassFixture<OlderProgram>
{
    [ReleaseTheory, OnPostgres]
    public async Task RE_18_Two_older_nodes_are_exchanged_one_after_the_other_and_no_request_fails(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var program = await older.PathAsync();
        RunningServer[] nodes = [await RunningServer.StartAsync(program, database), await RunningServer.StartAsync(program, database)];
        IReadOnlyList<RunningServer> served = [.. nodes];
        var gone = new List<RunningServer>();
        try
        {
            await using var proxy = await ReadinessProxy.StartAsync(() => served);
            await Eventually.IsAsync(() => Task.FromResult(proxy.ReadyCount == 2), "both nodes were ready");
            var load = MixedLoad.Start(nodes[0], people: 4, through: proxy.Address);
            await Task.Delay(TimeSpan.FromSeconds(3));
            for (var number = 0; number < 2; number++)
            {
                // Taken from the proxy before it is stopped, by hand: an older program need not know how to say that it is going.
                served = [nodes[1 - number]];
                await Eventually.IsAsync(() => Task.FromResult(proxy.ReadyCount == 1), "one node was served");
                await Task.Delay(TimeSpan.FromSeconds(3));
                Assert.Equal(0, (await nodes[number].Process.StopAsync()).ExitCode);
                var newer = await RunningServer.StartAsync(database); // the first one migrates under the other, which is of before
                gone.Add(nodes[number]); // the load still goes through its client, to the proxy
                nodes[number] = newer;
                served = [.. nodes];
                await Eventually.IsAsync(() => Task.FromResult(proxy.ReadyCount == 2), "both nodes were ready again");
                await Task.Delay(TimeSpan.FromSeconds(10)); // old and new side by side, and then only new ones
            }

            await load.StopAsync();
            Assert.Empty(load.Wrong);
            Assert.Equal((0, 0), (load.Refused, load.Unanswered));
            await LedgerAudit.HoldsAsync(nodes[0], load.Ledger);
            Assert.Contains(StartChecks.NewestMigration, await database.QueryAsync<string>("SELECT name FROM schema_migrations"));
            Scale.Measured("RE-18", $"the program of {OlderProgram.Commit} exchanged for this one, node by node: {load.Acknowledged} acknowledged writes, 0 failed requests, 0 lost");
        }
        finally
        {
            foreach (var node in nodes.Concat(gone))
            {
                await node.DisposeAsync();
            }
        }
    }

    [ReleaseTheory, OnSqlite, OnPostgres]
    public async Task RE_18_What_the_older_program_wrote_is_there_in_this_one_and_the_way_back_is_refused(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var program = await older.PathAsync();
        IReadOnlyCollection<LedgerEntry> people;
        List<string> itsOwn;
        await using (var old = await RunningServer.StartAsync(program, database))
        {
            var load = MixedLoad.Start(old, people: 4);
            await Task.Delay(TimeSpan.FromSeconds(5));
            await load.StopAsync();
            Assert.Empty(load.Wrong);
            people = load.Ledger;
            itsOwn = await database.QueryAsync<string>("SELECT name FROM schema_migrations ORDER BY version");
            await old.Process.StopAsync();
        }

        await using (var current = await RunningServer.StartAsync(database))
        {
            await LedgerAudit.HoldsAsync(current, people);
            (await database.CommandAsync("", "audit", "verify")).Worked();
        }

        if (itsOwn[^1] == StartChecks.NewestMigration)
        {
            return; // nothing came between: it may be put back
        }

        await using var back = ServerProcess.Start(
            database.Directory,
            [
                "--environment", "Development", "--urls", "http://127.0.0.1:0", $"--Cardea:DataDirectory={database.Directory}", $"--Cardea:Database:Provider={(engine is Engine.Sqlite ? "sqlite" : "postgres")}",
                $"--Cardea:Database:ConnectionString={database.ConnectionString}",
            ],
            program: program);
        var refused = await back.EndAsync();
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(StartChecks.NewestMigration, refused.Error, StringComparison.Ordinal);
        Assert.Contains($"this program's {int.Parse(itsOwn[^1][..4], System.Globalization.CultureInfo.InvariantCulture)}.", refused.Error, StringComparison.Ordinal);
    }
}

/// <summary>Builds the newest version that has a tag (<c>v1.2.3</c>), or the commit that CARDEA_TEST_OLDER names, once for all tests, from the packages that are there already.</summary>
public sealed class OlderProgram : IDisposable
{
    private readonly TestFolder _folder = new();
    private string? _path;

    /// <summary>Null where nothing was released, or where there is no history, as in an archive of the sources.</summary>
    public static string? Commit { get; } = Environment.GetEnvironmentVariable("CARDEA_TEST_OLDER") ?? FindRelease();

    public async Task<string> PathAsync()
    {
        if (_path is null)
        {
            await RunAsync("/bin/sh", "-c", $"git archive {Commit} | tar -x -C {_folder.Path}");
            await RunAsync("dotnet", "build", _folder.File("src/Cardea.Server"), "-c", "Release", "-v", "quiet", "-o", _folder.File("out"));
            _path = _folder.File("out/Cardea.Server.dll");
            _path = File.Exists(_path) ? _path : _folder.File("out/cardea.dll");
        }

        return _path;
    }

    public void Dispose() => _folder.Dispose();

    private static string? FindRelease()
    {
        try
        {
            using var git = Start("git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*");
            var tag = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 && tag.Length > 0 ? tag : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task RunAsync(string program, params string[] args)
    {
        using var process = Start(program, args);
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', args)}: {said}");
    }

    private static Process Start(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = SourceTree.Root, RedirectStandardOutput = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        return Process.Start(start)!;
    }
}

public sealed class ReleaseTheoryAttribute : TheoryAttribute
{
    public ReleaseTheoryAttribute() => Skip = OlderProgram.Commit is null ? "No version has a tag in the history of this folder (git describe). CARDEA_TEST_OLDER names a commit to build instead." : null;
}
