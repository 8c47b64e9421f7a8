using System.Collections.Concurrent;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Cardea.Tests.Foundation.Data;

public sealed class SqliteWriterTests
{
    [Fact]
    public async Task Of_writes_that_share_a_commit_a_failing_one_fails_alone()
    {
        await using var bare = await BareDatabase.CreateAsync(Engine.Sqlite);

        var outcomes = await Race.RunAsync(200, number => Record.ExceptionAsync(() => bare.WriteAsync(async transaction =>
        {
            await PutAsync(transaction, $"k{number}");
            if (number % 3 == 0)
            {
                throw new InvalidOperationException($"write {number}");
            }

            if (number % 7 == 0)
            {
                await transaction.ExecuteAsync("INSERT INTO allowances (key, taken, ends_at) VALUES (NULL, 0, 0)");
            }
        })));

        for (var number = 0; number < 200; number++)
        {
            if (number % 3 == 0)
            {
                Assert.Equal($"write {number}", Assert.IsType<InvalidOperationException>(outcomes[number]).Message);
            }
            else if (number % 7 == 0)
            {
                Assert.Equal(19, Assert.IsType<SqliteException>(outcomes[number]).SqliteErrorCode); // CONSTRAINT
            }
            else
            {
                Assert.Null(outcomes[number]);
            }
        }

        var expected = Enumerable.Range(0, 200).Where(number => number % 3 != 0 && number % 7 != 0).Select(number => $"k{number}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, await bare.Files.QueryAsync<string>("SELECT key FROM allowances ORDER BY key"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_refusal_is_a_value_and_what_was_written_with_it_lasts(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        var refusal = await bare.WriteAsync(async transaction =>
        {
            await PutAsync(transaction, "counted");
            return "refused";
        });

        Assert.Equal("refused", refusal);
        Assert.Equal(["counted"], await bare.Files.QueryAsync<string>("SELECT key FROM allowances"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_to_follow_a_commit_finds_it_made_and_never_follows_a_rollback(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var followed = new ConcurrentQueue<(string Key, List<string> Seen)>();

        var outcomes = await Race.RunAsync(8, number => Record.ExceptionAsync(() => bare.WriteAsync(async transaction =>
        {
            var key = $"k{number}";
            transaction.AfterCommit(() => followed.Enqueue((key, bare.Files.QueryAsync<string>("SELECT key FROM allowances").GetAwaiter().GetResult())));
            await PutAsync(transaction, key);
            if (number % 2 == 0)
            {
                throw new InvalidOperationException();
            }
        })));

        Assert.Equal(4, outcomes.Count(fault => fault is null));
        Assert.Equal(4, followed.Count);
        Assert.All(followed, one => Assert.Contains(one.Key, one.Seen));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_is_told_of_a_write_can_read_it(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        var found = await Race.RunAsync(40, async number =>
        {
            await bare.WriteAsync(transaction => PutAsync(transaction, $"k{number}"));
            return await bare.ReadAsync(scope => scope.GetAsync<long>("SELECT COUNT(*) FROM allowances WHERE key = @key", new { key = $"k{number}" }));
        });

        Assert.All(found, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Nobody_is_told_that_the_database_is_locked_by_fifty_writers_and_a_long_reader()
    {
        await using var bare = await BareDatabase.CreateAsync(Engine.Sqlite);
        await bare.WriteAsync(transaction => PutAsync(transaction, "before"));
        await using var reader = new SqliteConnection(bare.Files.ConnectionString + ";Pooling=False");
        await reader.OpenAsync();
        await using var snapshot = reader.BeginTransaction(deferred: true);
        Assert.Equal(1, Count(reader));

        var outcomes = await Race.RunAsync(50, number => Record.ExceptionAsync(async () =>
        {
            for (var turn = 0; turn < 10; turn++)
            {
                await bare.WriteAsync(transaction => PutAsync(transaction, $"k{number}-{turn}"));
                await bare.ReadAsync(scope => scope.GetAsync<long>("SELECT COUNT(*) FROM allowances"));
            }
        }));

        Assert.All(outcomes, Assert.Null);
        Assert.Equal(1, Count(reader)); // the long reader still sees its own moment
        Assert.Equal(501, await bare.Files.ScalarAsync<long>("SELECT COUNT(*) FROM allowances"));

        static long Count(SqliteConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT COUNT(*) FROM allowances";
            return (long)command.ExecuteScalar()!;
        }
    }

    [Fact]
    public async Task A_writer_of_another_process_is_waited_for()
    {
        await using var bare = await BareDatabase.CreateAsync(Engine.Sqlite);
        await using var other = new SqliteConnection(bare.Files.ConnectionString + ";Pooling=False");
        await other.OpenAsync();
        var held = other.BeginTransaction(deferred: false);

        var writing = Race.RunAsync(50, number => Record.ExceptionAsync(() => bare.WriteAsync(transaction => PutAsync(transaction, $"k{number}"))));
        await Task.Delay(300); // so that the writer is waiting
        Assert.False(writing.IsCompleted);
        held.Dispose();

        Assert.All(await writing, Assert.Null);
    }

    [Fact]
    public async Task What_another_process_changes_is_seen_within_a_second()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await app.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        Assert.Equal(JsonNull, (await alice.GetAsync("/users/me")).Json.GetProperty("given_name").ValueKind);

        for (var round = 0; round < 3; round++)
        {
            await app.Database.ExecuteAsync("UPDATE accounts SET given_name = @name", new { name = "round" + round });
            await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Member("given_name") == "round" + round);
        }

        await app.Database.ExecuteAsync("DELETE FROM sessions");
        await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Status is HttpStatusCode.Unauthorized);
    }

    private const System.Text.Json.JsonValueKind JsonNull = System.Text.Json.JsonValueKind.Null;

    private static Task PutAsync(Transaction transaction, string key) =>
        transaction.ExecuteAsync("INSERT INTO allowances (key, taken, ends_at) VALUES (@key, 1, 1)", new { key });
}
