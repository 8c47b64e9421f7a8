using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Audit;

/// <summary>What somebody does to the audit log who can write to the database, and that `cardea audit verify` names it.</summary>
public sealed class TamperedAuditTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task AU_03_The_first_row_that_was_changed_removed_moved_or_cut_off_is_named(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await alice.TrySignInAsync("not the password at all");
        (await alice.PatchAsync("/users/me", new { given_name = "Alice" })).Expect(System.Net.HttpStatusCode.OK);
        await alice.PostAsync("/auth/logout");
        await app.StopAsync(); // or its job would seal what is forged here, and its checkpoint would know it
        var ids = await app.Database.QueryAsync<string>("SELECT event_id FROM audit_chain ORDER BY number");
        Assert.True(ids.Count >= 5);
        var (first, second, third, last) = (ids[0], ids[1], ids[2], ids[^1]);
        await app.Database.ExecuteAsync("CREATE TABLE kept_events AS SELECT * FROM audit_events");
        await app.Database.ExecuteAsync("CREATE TABLE kept_chain AS SELECT * FROM audit_chain");
        var file = Path.Combine(app.Database.Directory, AuditCheckpointFile.Name);
        Assert.Contains($"\"number\":{ids.Count},\"event_id\":\"{last}\"", await File.ReadAllTextAsync(file));

        async Task NamesAsync(string id, string told, params string[] sql)
        {
            foreach (var statement in sql)
            {
                await app.Database.ExecuteAsync(statement, new { first, second, third, last });
            }

            var ended = await app.CommandAsync("audit", "verify");

            Assert.True((1, id + "\n") == (ended.ExitCode, ended.Out), $"{string.Join("; ", sql)}: {ended.ExitCode} {ended.Out}{ended.Error}");
            Assert.Contains(told, ended.Error);
            foreach (var table in new[] { "events", "chain" })
            {
                await app.Database.ExecuteAsync($"DELETE FROM audit_{table}");
                await app.Database.ExecuteAsync($"INSERT INTO audit_{table} SELECT * FROM kept_{table}");
            }
        }

        foreach (var column in new[] { "event", "account_id", "actor_id", "session_id", "address", "user_agent", "request_id", "detail" })
        {
            await NamesAsync(third, "was changed", $"UPDATE audit_events SET {column} = 'another' WHERE id = @third");
            await NamesAsync(last, "was changed", $"UPDATE audit_events SET {column} = CASE WHEN {column} IS NULL THEN '' ELSE 'x' || {column} END WHERE id = @last");
        }

        await NamesAsync(second, "was changed", "UPDATE audit_events SET at = at + 1 WHERE id = @second");
        await NamesAsync(first, "was removed", "UPDATE audit_events SET id = 'another' WHERE id = @first");
        await NamesAsync(first, "was removed", "DELETE FROM audit_events WHERE id = @first");
        await NamesAsync(third, "was removed", "DELETE FROM audit_events WHERE id = @third");
        await NamesAsync(last, "was removed", "DELETE FROM audit_events WHERE id = @last");
        await NamesAsync(second, "was removed", "DELETE FROM audit_events WHERE id <> @first");
        await NamesAsync(first, "was removed", "DELETE FROM audit_events");
        await NamesAsync(second, "was changed", "UPDATE audit_events SET id = 'between' WHERE id = @second", "UPDATE audit_events SET id = @second WHERE id = @third", "UPDATE audit_events SET id = @third WHERE id = 'between'");
        await NamesAsync("forged", "was not written by this program", "INSERT INTO audit_events (id, event, at) VALUES ('forged', 'sign_in.succeeded', 5)");
        await NamesAsync("forged", "was changed", "INSERT INTO audit_events (id, event, at) VALUES ('forged', 'sign_in.succeeded', 5)", "INSERT INTO audit_chain (event_id) VALUES ('forged')");
        await NamesAsync("forged", "was changed", "INSERT INTO audit_events (id, event, at) VALUES ('forged', 'sign_in.succeeded', 5)", "INSERT INTO audit_chain (event_id, facts, personal, salt) SELECT 'forged', facts, personal, salt FROM audit_chain WHERE number = 1");

        // Somebody who knows the chain, and has no master key.
        await NamesAsync(third, "was changed", "UPDATE audit_events SET address = NULL, user_agent = NULL, detail = NULL WHERE id = @third", "UPDATE audit_chain SET salt = NULL WHERE event_id = @third");
        await NamesAsync(third, "was taken out of the chain", "DELETE FROM audit_chain WHERE event_id = @third");
        await NamesAsync(
            ids[3], "has another place", "UPDATE audit_chain SET number = -number WHERE number IN (3, 4)", "UPDATE audit_chain SET number = 7 + number WHERE number IN (-3, -4)");
        await NamesAsync(last, "was cut off", "DELETE FROM audit_events WHERE id = @last", "DELETE FROM audit_chain WHERE event_id = @last");
        await NamesAsync(last, "was cut off", "DELETE FROM audit_events WHERE id > @second", "DELETE FROM audit_chain WHERE number > 2");
        await NamesAsync(last, "was cut off", "DELETE FROM audit_events", "DELETE FROM audit_chain");

        Assert.StartsWith($"The audit log is whole: {ids.Count} rows, 0 of them", (await app.CommandAsync("audit", "verify")).Worked().Out, StringComparison.Ordinal);
    }
}
