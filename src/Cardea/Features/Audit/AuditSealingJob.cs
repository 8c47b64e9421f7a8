using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Audit;

/// <summary>Seals twice a second what was written, on every node, and keeps a checkpoint outside the database.</summary>
public sealed partial class AuditSealingJob(
    Database database, AuditSealer sealer, AuditChainStore store, AuditSigner signer, AuditCheckpointFile file, TimeProvider clock, ILogger<AuditSealingJob> log)
    : Job("audit sealing", TimeSpan.FromMilliseconds(500), log)
{
    /// <summary>How often the log gets one: who owns the machine can change the file as well, but not the log that has gone elsewhere.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(10);

    private readonly HashSet<long> _told = [];
    private AuditCheckpoint? _made;
    private AuditCheckpoint? _logged;
    private long _loggedAt;

    /// <summary>The last turn comes after the last request, so that a server that has stopped leaves nothing open.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await RunAsync(CancellationToken.None);
            LogMade();
        }
        catch (Exception fault) when (Dialect.IsOutage(fault))
        {
            LogUnsealed(fault.Message); // the next start, or another node, seals them
        }
    }

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        // At the start also of what was sealed before: the process may have died between a seal and its checkpoint.
        var moved = await sealer.SealAsync(stopping);
        if ((moved ?? (_made is null ? await database.ReadAsync(store.FindHeadAsync, CancellationToken.None) : null)) is { } head)
        {
            _made = signer.Sign(head, clock.Milliseconds());
            await KeepAsync(_made);
        }

        if (_logged is null || clock.GetElapsedTime(_loggedAt) > LogInterval)
        {
            LogMade();
        }
    }

    private void LogMade()
    {
        if (_made is { } made && made != _logged)
        {
            (_logged, _loggedAt) = (made, clock.GetTimestamp());
            LogCheckpoint(made.Number, made.EventId, made.Hash, made.At, made.Signature, made.Key);
        }
    }

    private async Task KeepAsync(AuditCheckpoint made)
    {
        try
        {
            var (kept, isNewest) = (new List<AuditCheckpoint>(), true);
            foreach (var before in file.Read())
            {
                if (await HoldsAsync(before))
                {
                    isNewest &= before.Number < made.Number; // another process on this folder may have sealed more by now
                    continue;
                }

                kept.Add(before);
                if (_told.Add(before.Number))
                {
                    LogBroken(before.Number, before.EventId);
                }
            }

            if (isNewest)
            {
                file.Write([.. kept, made]);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            LogNotKept(fault.Message);
        }
    }

    private Task<bool> HoldsAsync(AuditCheckpoint checkpoint) => database.ReadAsync(async scope =>
        await store.FindLinkAsync(scope, checkpoint.Number) is { } link && Convert.ToHexStringLower(link) == checkpoint.Hash);

    [LoggerMessage(1, LogLevel.Information, "Audit checkpoint: number {Number}, event {EventId}, hash {Hash}, at {At}, signature {Signature}, key {Key}")]
    private partial void LogCheckpoint(long number, string eventId, string hash, long at, string signature, string key);

    [LoggerMessage(2, LogLevel.Critical, "The audit log was changed: row {Number} ({EventId}), which a checkpoint knows, is gone or another. Run `cardea audit verify`")]
    private partial void LogBroken(long number, string eventId);

    [LoggerMessage(3, LogLevel.Warning, "The audit checkpoint could not be kept: {Reason}")]
    private partial void LogNotKept(string reason);

    [LoggerMessage(4, LogLevel.Warning, "The last audit rows could not be sealed at the stop: {Reason}")]
    private partial void LogUnsealed(string reason);
}
