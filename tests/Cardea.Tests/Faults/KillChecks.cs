using System.Security.Cryptography;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>The end that no program hears coming.</summary>
public class KillChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_01_What_was_acknowledged_outlives_kill_9_under_load(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await RunningServer.StartAsync(database, ("Database:ConnectionString", database.AsDeployed()));
        var (acknowledged, people, slowest) = (0L, new List<LedgerEntry>(), TimeSpan.Zero);
        var rounds = Scale.Of(3, 50);
        for (var round = 0; round < rounds; round++)
        {
            var load = MixedLoad.Start(server);
            await Eventually.IsAsync(() => Task.FromResult(load.Acknowledged > 5), "something was acknowledged");
            await Task.Delay(RandomNumberGenerator.GetInt32(Scale.Of(600, 1000)));
            await server.Process.KillAsync();
            await load.StopAsync();

            var taken = await server.RestartAsync();

            slowest = taken > slowest ? taken : slowest;
            Scale.Within(TimeSpan.FromSeconds(engine is Engine.Sqlite ? 5 : 10), taken, "The start after a kill");
            Assert.Empty(load.Wrong);
            await LedgerAudit.HoldsAsync(server, load.Ledger);
            await AssertSoundAsync(database);
            acknowledged += load.Acknowledged;
            people.AddRange(load.Ledger);
        }

        // What outlived the first kill must outlive the last one too. Its sessions are in use; only the passwords are asked for again.
        people.ForEach(person => person.RefreshToken = null);
        await LedgerAudit.HoldsAsync(server, [.. people.TakeLast(400)]);
        Scale.Measured("RE-01", $"{engine}, {rounds} rounds: {acknowledged} acknowledged writes, 0 lost; slowest start {slowest.TotalSeconds:F1} s");
    }

    /// <summary>
    /// The files as they are at one instant of a process that stands still, and sometimes with a torn frame behind them, as a disk leaves it that
    /// lost its power while it wrote.
    /// </summary>
    [Fact]
    public async Task RE_25_A_copy_of_the_files_at_any_instant_opens_and_holds_what_was_acknowledged()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        await using var server = await RunningServer.StartAsync(database);
        using var copies = new TestFolder();
        var (people, acknowledged, found) = (new List<LedgerEntry>(), 0L, 0);
        var rounds = Scale.Of(10, 200);
        for (var round = 0; round < rounds; round++)
        {
            var load = MixedLoad.Start(server);
            await Task.Delay(RandomNumberGenerator.GetInt32(20, 300));
            await server.Process.SignalAsync("STOP");
            var told = load.Ledger.Select(person => (person.Email, person.IsSignedUp, person.Name)).Where(person => person.IsSignedUp).ToList();
            var copy = copies.File($"copy{round}.db");
            foreach (var ending in (string[])["", "-wal"])
            {
                File.Copy(Path.Combine(database.Directory, "cardea.db" + ending), copy + ending);
            }

            await server.Process.SignalAsync("CONT");
            await load.StopAsync();
            Assert.Empty(load.Wrong);
            if (round % 2 == 1)
            {
                await using var torn = new FileStream(copy + "-wal", FileMode.Append);
                await torn.WriteAsync(RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 5000)));
            }

            var there = await InCopyAsync(copy);
            acknowledged += load.Acknowledged;
            found += told.Count;
            Assert.DoesNotContain(told, person => !there.TryGetValue(person.Email, out var name) || name < person.Name);
            Assert.DoesNotContain(people, person => person.IsSignedUp && !there.ContainsKey(person.Email));
            people.AddRange(load.Ledger);
        }

        Assert.True(found > rounds, "Hardly anybody had signed up when the copies were taken.");
        Scale.Measured("RE-25", $"{rounds} of {rounds} copies opened, sound, with all of {acknowledged} acknowledged writes");
    }

    private static async Task<Dictionary<string, long>> InCopyAsync(string file)
    {
        var copy = TestDatabase.OnDisk(Path.GetDirectoryName(file)!, Path.GetFileName(file));
        await AssertSoundAsync(copy);
        var rows = await copy.QueryAsync<(string Email, string? Name)>("SELECT email, given_name FROM accounts");
        return rows.ToDictionary(row => row.Email, row => row.Name is null ? 0 : long.Parse(row.Name.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    internal static async Task AssertSoundAsync(TestDatabase database)
    {
        if (database.Engine is Engine.Sqlite)
        {
            Assert.Equal(["ok"], await database.QueryAsync<string>("PRAGMA integrity_check"));
            Assert.Empty(await database.QueryAsync<string>("SELECT \"table\" FROM pragma_foreign_key_check"));
        }
    }
}
