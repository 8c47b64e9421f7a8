using System.Data.Common;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;

namespace Cardea.Server.Doctor;

/// <summary>The database, the keys in it, and the clock that its rows were written by.</summary>
internal static class DatabaseChecks
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SealingTolerance = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RotationTolerance = TimeSpan.FromDays(2);

    /// <returns>Whether there is one that can be asked more.</returns>
    public static async Task<bool> RunAsync(Report report, IServiceProvider services, ServerOptions server)
    {
        var engine = server.Engine is Engine.Sqlite ? "SQLite" : "PostgreSQL";
        if (server.Engine is Engine.Sqlite && SqliteDatabase.FileOf(server.ConnectionString) is var file && !File.Exists(file))
        {
            report.Note("database", $"There is none at {Path.GetFullPath(file)}.", "It is made at the first start. If there has been one, Cardea:DataDirectory or Cardea:Database:ConnectionString points somewhere else.");
            return false;
        }

        try
        {
            var database = services.GetRequiredService<Database>();
            var schema = await services.GetRequiredService<Migrator>().StateAsync(CancellationToken.None);
            if (!CheckSchema(report, schema))
            {
                return false;
            }

            var damage = await database.ExamineAsync(CancellationToken.None);
            damage.ForEach(found => report.Fault("database", found, "Stop the server, keep a copy of the database as it is, and restore the last good backup: docs/guides/backup.md."));
            if (damage.Count == 0)
            {
                report.Ok("database", $"{engine}, schema {schema.Applied[^1]}, nothing damaged");
            }

            return damage.Count == 0;
        }
        catch (Exception fault) when (fault is DatabaseUnavailableException or DbException || Dialect.IsOutage(fault))
        {
            report.Fault("database", $"{engine} can't be used: {fault.Message}", server.Engine is Engine.Sqlite
                ? "If the file is damaged, restore the last good backup: docs/guides/backup.md."
                : "Is the server up, and are host, port, user, password and database in Cardea:Database:ConnectionString right? psql with the same values tells more.");
            return false;
        }
    }

    private static bool CheckSchema(Report report, SchemaState schema)
    {
        if (schema.Applied.Count == 0)
        {
            report.Note("database", "It is empty.", "The tables are made at the first start, or by `cardea migrate`. If there has been one, the settings point to another database.");
        }
        else if (schema.Foreign.Count > 0)
        {
            report.Fault("database", $"It is at schema {schema.Foreign[^1]}, which this program does not know: a newer one was here.", "Run the newer program, or restore a backup from before it.");
        }
        else if (schema.Changed.Count > 0)
        {
            report.Fault("database", $"{string.Join(", ", schema.Changed)} had another text when it made this database.", "Run the program that made it, or restore a backup.");
        }
        else if (schema.Missing.Count > 0)
        {
            report.Fault("database", $"It lacks {string.Join(", ", schema.Missing)}.", "Make a backup, and then run `cardea migrate` or start the server, which does it as well.");
        }
        else if (schema.LostTables.Count > 0)
        {
            report.Fault("database", $"The table {string.Join(", ", schema.LostTables)} is not there.", "Somebody has taken it away: restore a backup.");
        }
        else
        {
            return true;
        }

        return false;
    }

    public static async Task RunKeysAsync(Report report, IServiceProvider services, ServerOptions server)
    {
        if (!DataDirectory.HasMasterKey(server))
        {
            report.Fault("master key", $"There is none in {Path.GetFullPath(server.DataDirectory)}, but a database that was used with one.", $"Put {DataDirectory.KeyFile} back, or set Cardea:MasterKeyFile, before the server starts and makes another.");
            return;
        }

        SigningKeyRing ring;
        try
        {
            ring = services.GetRequiredService<SigningKeyRing>();
        }
        catch (SettingsException fault)
        {
            report.Fault("master key", fault.Message, "Put the key back from where it is kept: without it nobody can sign in.");
            return;
        }

        var now = services.GetRequiredService<TimeProvider>().Milliseconds();
        var unopened = await ring.ListUnopenedAsync();
        if (unopened.Count > 0)
        {
            report.Fault("master key", $"It does not open the signing key {string.Join(", ", unopened)}.", "Set Cardea:MasterKey or put master.key back as it was when this database was used; if the row was damaged, restore a backup.");
            return;
        }

        var keys = await ring.ListAsync();
        var options = services.GetRequiredService<SigningKeysOptions>();
        if (keys.Count > 0 && now - keys.Max(key => key.CreatedAt) > (long)(options.RotateAfter + RotationTolerance).TotalMilliseconds)
        {
            report.Fault("signing keys", $"The newest is from {keys.Max(key => key.CreatedAt).ToInstant():yyyy-MM-dd}; it should have had a successor after {options.RotateAfter.TotalDays} days.", "Is a server running on this database? Its log says why the job \"key rotation\" fails. `cardea keys rotate` makes one now.");
        }
        else
        {
            report.Ok("signing keys", $"{keys.Count}, opened by the master key");
        }
    }

    public static async Task RunRowsAsync(Report report, IServiceProvider services)
    {
        var (database, now) = (services.GetRequiredService<Database>(), services.GetRequiredService<TimeProvider>().Milliseconds());
        var audit = services.GetRequiredService<AuditStore>();
        var (newest, open, hasAdmin) = await database.ReadAsync(async scope => (
            await audit.FindNewestAtAsync(scope),
            await services.GetRequiredService<AuditChainStore>().CountOpenSinceBeforeAsync(scope, now - (long)SealingTolerance.TotalMilliseconds),
            await services.GetRequiredService<RoleStore>().AnyHasAsync(scope, RoleName.Admin)));
        var there = await database.NowAsync(CancellationToken.None);
        const string synchronize = "Synchronize the clock (systemd-timesyncd or chrony; timedatectl shows it): tokens, codes and limits go by it.";
        if (newest is { } at && at - now > ClockTolerance.TotalMilliseconds)
        {
            report.Fault("clock", $"The newest audit row is from {at.ToInstant():yyyy-MM-dd HH:mm:ss}Z, and it is {now.ToInstant():yyyy-MM-dd HH:mm:ss}Z here: this clock has gone back, or another node's is ahead.", synchronize);
        }
        else if (there is { } theirs && Math.Abs(theirs - now) > ClockTolerance.TotalMilliseconds)
        {
            report.Fault("clock", $"The database's clock says {theirs.ToInstant():yyyy-MM-dd HH:mm:ss}Z, and this one {now.ToInstant():yyyy-MM-dd HH:mm:ss}Z.", synchronize);
        }
        else
        {
            report.Ok("clock", $"{now.ToInstant():yyyy-MM-dd HH:mm:ss}Z, later than all that was written");
        }

        if (open > 0)
        {
            report.Fault("audit log", $"{open} rows older than a minute are not sealed.", "A running server seals them within a second: its log says why the job \"audit sealing\" fails. `cardea audit verify` seals them now.");
        }

        if (!hasAdmin)
        {
            report.Note("administrators", "There is none.", "cardea user grant ACCOUNT admin");
        }
    }
}
