using Cardea.Crypto.Secrets;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Audit;

/// <summary>How rows come into the chain, and that the chain stands what lawfully happens to them.</summary>
public sealed class AuditChainTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_row_is_sealed_within_about_a_second_and_a_stopped_server_leaves_none_open(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using (var app = await TestApp.StartAsync(engine, database, null))
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            await Eventually.IsAsync(
                async () => await database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_chain c JOIN audit_events e ON e.id = c.event_id WHERE e.account_id = @Id AND c.number IS NOT NULL", new { alice.Id }) == 1,
                "the row was sealed");
            await alice.SignInAsync();
            await app.StopAsync();
            Assert.Contains("Audit checkpoint: number ", app.Logs.Text);
        }

        Assert.Equal(0, await database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_chain WHERE number IS NULL"));
        (await database.CommandAsync("", "audit", "verify")).Worked();
        var file = Path.Combine(database.Directory, AuditCheckpointFile.Name);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        File.Delete(file);
        await using var again = await TestApp.StartAsync(engine, database, null);
        await Eventually.IsAsync(() => Task.FromResult(File.Exists(file)), "what was sealed before the start had a checkpoint");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PR_01_Erasing_a_person_keeps_the_chain_whole_and_covers_no_other_change(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, bob, carol) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync(), await app.NewActor("carol").SignUpAsync());
        foreach (var actor in new[] { alice, bob })
        {
            await actor.SignInAsync();
            (await actor.DeleteAsync("/users/me", new { password = actor.Password })).Expect(System.Net.HttpStatusCode.OK);
        }

        await app.SealedAsync();
        Assert.Contains(" 4 of them of accounts that are deleted.", (await app.CommandAsync("audit", "verify")).Worked().Out);
        var ids = await app.Database.QueryAsync<string>("SELECT id FROM audit_events WHERE account_id = @Id AND address IS NULL ORDER BY id", new { alice.Id });
        Assert.Equal(2, ids.Count);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_chain WHERE event_id = @id AND salt IS NOT NULL", new { id = ids[0] }));

        // Erased is erased: nothing may be put there, and what stays may not be changed.
        foreach (var change in new[] { "address = '192.0.2.1'", "at = at + 1", "event = 'sign_out'" })
        {
            var before = (await app.Database.QueryAsync<AuditEvent>("SELECT id AS Id, event AS Event, at AS At FROM audit_events WHERE id = @id", new { id = ids[0] })).Single();
            await app.Database.ExecuteAsync($"UPDATE audit_events SET {change} WHERE id = @id", new { id = ids[0] });
            Assert.Equal((1, ids[0] + "\n"), await VerifyAsync(app));
            await app.Database.ExecuteAsync("UPDATE audit_events SET event = @Event, at = @At, address = NULL WHERE id = @Id", before);
        }

        // Who covers a living person's trace as if it had been erased has not the proof, and another's does not fit.
        var living = await app.Database.ScalarAsync<string>("SELECT MIN(id) FROM audit_events WHERE account_id = @Id", new { carol.Id });
        await app.Database.ExecuteAsync("UPDATE audit_events SET address = NULL, user_agent = NULL, detail = NULL WHERE id = @living", new { living });
        await app.Database.ExecuteAsync("UPDATE audit_chain SET salt = NULL, erased = (SELECT erased FROM audit_chain WHERE event_id = @id) WHERE event_id = @living", new { living, id = ids[0] });
        Assert.Equal((1, living + "\n"), await VerifyAsync(app));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Two_nodes_that_write_and_seal_at_once_make_one_chain_without_a_gap(Engine engine)
    {
        await using var a = await TestApp.StartAsync(engine, ("PublicUrl", "http://localhost:8099"));
        await using var b = await a.StartNodeAsync(("PublicUrl", "http://localhost:8099"));

        await Race.RunAsync(16, async number =>
        {
            var app = number % 2 == 0 ? a : b;
            for (var times = 0; times < 8; times++)
            {
                await app.NewActor().TrySignInAsync("not the password at all");
            }

            return number;
        });
        await a.SealedAsync();

        var (rows, sealedRows, highest) = await a.Database.ScalarAsync<(long, long, long)>("SELECT (SELECT COUNT(*) FROM audit_events), COUNT(*), MAX(number) FROM audit_chain");
        Assert.True(rows >= 128);
        Assert.Equal((rows, rows), (sealedRows, highest));
        (await a.CommandAsync("audit", "verify")).Worked();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_server_that_runs_while_the_log_is_cut_off_says_so_and_keeps_the_evidence(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await app.SealedAsync();
        await Eventually.IsAsync(async () => File.Exists(Path.Combine(app.Database.Directory, AuditCheckpointFile.Name))
            && (await File.ReadAllTextAsync(Path.Combine(app.Database.Directory, AuditCheckpointFile.Name))).Contains(await LastAsync(app), StringComparison.Ordinal), "the checkpoint was kept");
        var last = await LastAsync(app);
        await app.Database.ExecuteAsync("DELETE FROM audit_events WHERE id = @last", new { last });
        await app.Database.ExecuteAsync("DELETE FROM audit_chain WHERE event_id = @last", new { last });

        await alice.SignInAsync();
        await alice.SignInAsync();
        await app.SealedAsync();

        await Eventually.IsAsync(() => Task.FromResult(app.Logs.Text.Contains($"The audit log was changed: row", StringComparison.Ordinal)), "the server said so");
        Assert.Equal((1, last + "\n"), await VerifyAsync(app));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_03_A_row_that_is_changed_before_it_is_sealed_is_named_too(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var chain = new Chain(bare);
        await chain.WriteAsync("e1", "e2", "e3");

        await bare.Files.ExecuteAsync("UPDATE audit_events SET detail = 'another' WHERE id = 'e2'");
        Assert.Equal(new AuditFault("e2", "was changed"), (await chain.VerifyAsync()).Fault);
        await bare.Files.ExecuteAsync("UPDATE audit_events SET detail = 'said' WHERE id = 'e2'");
        Assert.Null((await chain.VerifyAsync()).Fault);
        await chain.WriteAsync("e4");
        await bare.Files.ExecuteAsync("DELETE FROM audit_events WHERE id = 'e4'");
        Assert.Equal(new AuditFault("e4", "was removed"), (await chain.VerifyAsync()).Fault);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Rows_from_before_the_chain_are_taken_into_it_once_and_no_later_row_is(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var chain = new Chain(bare);
        await bare.Files.ExecuteAsync("INSERT INTO audit_events (id, event, at, detail) VALUES ('old1', 'sign_out', 5, 'said'), ('old2', 'sign_out', 6, NULL)");
        await bare.Files.ExecuteAsync("INSERT INTO audit_chain (event_id) SELECT id FROM audit_events");
        await chain.WriteAsync("e1");
        Assert.Equal((3, null), ((await chain.VerifyAsync()).Rows, (await chain.VerifyAsync()).Fault));

        await bare.Files.ExecuteAsync("UPDATE audit_events SET detail = 'another' WHERE id = 'old1'");
        Assert.Equal("old1", (await chain.VerifyAsync()).Fault?.EventId);
        await bare.Files.ExecuteAsync("UPDATE audit_events SET detail = 'said' WHERE id = 'old1'");
        await bare.Files.ExecuteAsync("INSERT INTO audit_events (id, event, at) VALUES ('late', 'sign_out', 5)");
        await bare.Files.ExecuteAsync("INSERT INTO audit_chain (event_id) VALUES ('late')");
        Assert.Equal("late", (await chain.VerifyAsync()).Fault?.EventId);
    }

    [Fact]
    public async Task Another_master_key_is_told_as_that_and_not_as_a_changed_log()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);

        var ended = await app.CommandAsync("audit", "verify", $"--Cardea:MasterKey={MasterKey.Generate().ToBase64()}");

        Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
        Assert.Contains("can't be opened with this master key", ended.Error);
    }

    private static async Task<(int, string)> VerifyAsync(TestApp app)
    {
        var ended = await app.CommandAsync("audit", "verify");
        return (ended.ExitCode, ended.Out);
    }

    private static Task<string> LastAsync(TestApp app) => app.Database.ScalarAsync<string>("SELECT event_id FROM audit_chain WHERE number = (SELECT MAX(number) FROM audit_chain)");

    /// <summary>The chain without a server whose job would seal it.</summary>
    private sealed class Chain(BareDatabase bare)
    {
        private readonly MasterKey _key = MasterKey.Generate();
        private readonly AuditChainStore _store = new();

        public Task WriteAsync(params string[] ids) => bare.WriteAsync(async transaction =>
        {
            foreach (var id in ids)
            {
                var row = new AuditEvent { Id = id, Event = "sign_out", At = 5, Detail = "said" };
                await new AuditStore().AddAsync(transaction, row, new AuditCommitments(_key).Commit(row));
            }
        });

        public async Task<AuditVerdict> VerifyAsync()
        {
            var commitments = new AuditCommitments(_key);
            using var signer = new AuditSigner(_key);
            return await new AuditVerification(
                bare.Database, new AuditSealer(bare.Database, _store, commitments), _store, commitments, signer, new AuditCheckpointFile(new ServerOptions { DataDirectory = bare.Files.Directory })).VerifyAsync(null, default);
        }
    }
}
