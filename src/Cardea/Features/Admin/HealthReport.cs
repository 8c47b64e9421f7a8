using Cardea.Features.Audit;
using Cardea.Features.Health;
using Cardea.Features.Mail;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;

namespace Cardea.Features.Admin;

/// <summary>Something that must be well, and what was found.</summary>
public sealed record HealthLine(Phrase What, bool IsWell, Phrase Finding);

/// <summary>What an administrator can see of the server's health without a shell; <c>cardea doctor</c> looks further.</summary>
public sealed class HealthReport(
    Database database, ServerOptions server, Migrator migrator, OutboxStore outbox, SigningKeyRing ring, AuditStore audit, AuditChainStore chain, TimeProvider clock)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SealingTolerance = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MailSince = TimeSpan.FromDays(1);

    public async Task<IReadOnlyList<HealthLine>> ExamineAsync(CancellationToken cancellation)
    {
        var now = clock.Milliseconds();
        var schema = await migrator.StateAsync(cancellation);
        var (troubled, newest, open) = await database.ReadAsync(async scope => (
            await outbox.CountTroubledAsync(scope, now - (long)MailSince.TotalMilliseconds), await audit.FindNewestAtAsync(scope), await chain.CountOpenSinceBeforeAsync(scope, now - (long)SealingTolerance.TotalMilliseconds)));
        return
        [
            new(new Phrase("Version"), true, new Phrase("{0}", HealthFeature.Version)),
            new(new Phrase("Database"), true, server.Engine is Engine.Sqlite ? new Phrase("SQLite answers.") : new Phrase("PostgreSQL answers.")),
            Schema(schema),
            await KeysAsync(),
            new(new Phrase("Mail"), troubled.Count == 0, troubled.Count == 0
                ? new Phrase("What was to be sent in the last day has gone out.")
                : new Phrase("{0} mails did not go out. The last error: {1}", troubled.Count, troubled.LastError ?? "")),
            new(new Phrase("Audit log"), open == 0, open == 0 ? new Phrase("Every row older than a minute is sealed.") : new Phrase("{0} rows older than a minute are not sealed.", open)),
            await ClockAsync(now, newest, cancellation),
        ];
    }

    private static HealthLine Schema(SchemaState schema) => new(new Phrase("Migrations"), schema is { Missing.Count: 0, Foreign.Count: 0, Changed.Count: 0, LostTables.Count: 0 }, schema switch
    {
        { Missing.Count: > 0 } => new Phrase("The database lacks {0}.", string.Join(", ", schema.Missing)),
        { Foreign.Count: > 0 } => new Phrase("A newer program has been here: {0}.", string.Join(", ", schema.Foreign)),
        { Changed.Count: > 0 } => new Phrase("Another text made this database: {0}.", string.Join(", ", schema.Changed)),
        { LostTables.Count: > 0 } => new Phrase("Tables are gone: {0}.", string.Join(", ", schema.LostTables)),
        _ => new Phrase("All {0} have run.", schema.Applied.Count),
    });

    private async Task<HealthLine> KeysAsync()
    {
        var unopened = await ring.ListUnopenedAsync();
        return new(new Phrase("Signing keys"), unopened.Count == 0, unopened.Count == 0
            ? new Phrase("{0}, opened by the master key.", (await ring.ListAsync()).Count)
            : new Phrase("The master key does not open {0}.", string.Join(", ", unopened)));
    }

    /// <summary>Nodes have no other clock in common than the database's, and the rows that all of them write.</summary>
    private async Task<HealthLine> ClockAsync(long now, long? newest, CancellationToken cancellation)
    {
        var theirs = await database.NowAsync(cancellation);
        var apart = Math.Max(theirs is { } there ? Math.Abs(there - now) : 0, newest is { } at ? at - now : 0);
        return new(new Phrase("Clock"), apart <= ClockTolerance.TotalMilliseconds, apart <= ClockTolerance.TotalMilliseconds
            ? new Phrase("This node's clock agrees with the database and with what other nodes wrote.")
            : new Phrase("This node's clock is {0} s apart from the database or from another node.", apart / 1000));
    }
}
