using Cardea.Features.Audit;
using Cardea.Features.SigningKeys;

namespace Cardea.Server.Commands;

/// <summary><c>cardea audit …</c></summary>
internal static class AuditCommands
{
    public static IReadOnlyList<Command> All { get; } =
    [
        new("audit verify", "", "Checks that no audit row was changed, removed, moved or cut off.", VerifyAsync)
        {
            More = """
                Exit code 0: the log is whole. Exit code 1: it is not; standard output has the id of the first row that is not as it was, standard error a
                sentence about it. The server may run meanwhile. That the newest rows were cut off shows against the checkpoint in the data directory of the
                node where this runs, or against one of its log.
                """,
        },
    ];

    private static async Task<int> VerifyAsync(CommandCall call)
    {
        await call.OpenAsync();
        await call.Get<SigningKeyRing>().PublishedAsync(); // another master key is told as that, and not as a log that was changed in every row
        AuditVerdict verdict;
        try
        {
            verdict = await call.Get<AuditVerification>().VerifyAsync(call.Progress("rows"), CancellationToken.None);
        }
        catch (InvalidDataException fault)
        {
            throw new CommandFailure(fault.Message);
        }

        if (verdict.Fault is { } found)
        {
            call.Out.WriteLine(found.EventId ?? "unknown");
            throw new CommandFailure(found.EventId is null ? found.What : $"The audit log was changed: row {found.EventId} {found.What}. The {verdict.Rows} rows before it are whole.");
        }

        call.Out.WriteLine($"The audit log is whole: {verdict.Rows} rows, {verdict.Erased} of them of accounts that are deleted.");
        if (verdict.Checkpoints == 0)
        {
            call.Out.WriteLine($"There is no checkpoint at {call.Get<AuditCheckpointFile>().Path}: whether the newest rows were cut off can't be told here.");
        }

        return 0;
    }
}
