using System.Diagnostics.Metrics;
using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Tests.Security;

/// <summary>What a security check needs beyond the door: what an administrator's command would write, and what the process measures.</summary>
internal static class Inside
{
    /// <summary>Writes to an account's row and tells the caches of every node, as a command on the same database does.</summary>
    public static Task ChangeAccountAsync(this TestApp app, Actor actor, string assignments, object? values = null) =>
        app.Services.GetRequiredService<Database>().WriteAsync(async transaction =>
        {
            var sql = $"UPDATE accounts SET {assignments} WHERE id = '{actor.Id}'";
            Assert.Equal(1, await transaction.ExecuteAsync(sql, values));
            transaction.Invalidate(AccountDirectory.Topic, actor.Id!);
        });

    public static Task DisableAsync(this TestApp app, Actor actor) => app.ChangeAccountAsync(actor, "disabled_at = 1");

    /// <summary>What the administrators' door will do when there is one.</summary>
    public static Task MakeAdminAsync(this TestApp app, Actor actor) => app.Services.GetRequiredService<Database>().WriteAsync(async transaction =>
    {
        await app.Services.GetRequiredService<RoleStore>().GrantAsync(transaction, actor.Id!, RoleName.Admin);
        transaction.Invalidate(AccountDirectory.Topic, actor.Id!);
    });

    public static Task<string> PasswordHashAsync(this TestApp app, Actor actor) =>
        app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = @Email", new { actor.Email });

    /// <summary>Time passes for the server and for its database, whose own clock on PostgreSQL dates refresh tokens and can't be moved: there the rows get older.</summary>
    public static async Task PassAsync(this TestApp app, TimeSpan time)
    {
        app.Clock.Advance(time);
        if (app.Database.Engine is Engine.Postgres)
        {
            await app.Database.ExecuteAsync("UPDATE sessions SET refreshed_at = refreshed_at - @milliseconds", new { milliseconds = (long)time.TotalMilliseconds });
        }
    }

    /// <summary>One turn of the job that throws away what is over.</summary>
    public static Task PurgeAsync(this TestApp app) => app.Services.GetServices<IHostedService>().OfType<PurgeJob>().Single().RunAsync(CancellationToken.None);

    /// <summary>Everything that the database holds, as somebody would read it who stole it: bytes as hexadecimal digits.</summary>
    public static async Task<string> DumpAsync(this TestApp app)
    {
        await app.SealedAsync(); // what a job does by itself is no difference between two dumps
        var isSqlite = app.Database.Engine is Engine.Sqlite;
        var tables = await app.Database.QueryAsync<string>(isSqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table'"
            : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        var dump = new System.Text.StringBuilder();
        foreach (var table in tables)
        {
            foreach (var row in await app.Database.QueryAsync<dynamic>($"SELECT * FROM {table}"))
            {
                foreach (var (column, value) in (IDictionary<string, object?>)row)
                {
                    dump.Append(table).Append('.').Append(column).Append('=').Append(value is byte[] bytes ? Convert.ToHexStringLower(bytes) : value).Append('\n');
                }
            }
        }

        return dump.ToString();
    }
}

/// <summary>Counts the passwords whose hash one server began to compute.</summary>
internal sealed class HashesBegun : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _count;

    public HashesBegun(TestApp app)
    {
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "cardea.hashing.wait" && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
                IsAttached = true;
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _count));
        _listener.Start();
        Assert.True(IsAttached);
    }

    public bool IsAttached { get; private set; }

    public int Count => Volatile.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
