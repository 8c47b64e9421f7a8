using System.Text;
using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Features.Totp;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

/// <param name="AsCsv">JSON lines otherwise.</param>
/// <param name="WithPasswordHashes">Whoever has them can try guesses at leisure.</param>
/// <param name="WithTotpSecrets">Whoever has them has the second factor.</param>
public sealed record ExportOptions(bool AsCsv, bool WithPasswordHashes, bool WithTotpSecrets);

/// <summary>All accounts as a file that an import reads, as they are at one moment; read and written in pieces, so that many need no memory.</summary>
public sealed class AccountsExport(Database database, AccountStore accounts, RoleStore roles, TotpStore totps, TotpFactor factor, AuditLog audit)
{
    private const int Piece = 500;

    /// <returns>How many accounts the file has.</returns>
    /// <exception cref="IOException">The file is there already, or can't be written.</exception>
    public async Task<long> WriteAsync(string path, ExportOptions options, ClientInfo client, string actor, Action<long>? progress, CancellationToken cancellation)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} is there already. An export never replaces a file.");
        }

        // Made anew: a file that somebody else has put there could be open in his hands.
        var half = path + ".partial";
        File.Delete(half);
        await using var file = PrivateFile.Make(half, FileMode.CreateNew);
        try
        {
            // Told first: an export that was broken off has shown what it had read.
            await database.WriteAsync(
                transaction => audit.RecordAsync(
                    transaction, TransferEvents.Exported, null, client, new { Format = options.AsCsv ? "csv" : "jsonl", options.WithPasswordHashes, options.WithTotpSecrets }, actorId: actor),
                cancellation);
            var count = await database.ReadSnapshotAsync(scope => WriteAsync(file, scope, options, progress), cancellation);
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            File.Move(half, path, overwrite: false);
            return count;
        }
        catch
        {
            await file.DisposeAsync();
            File.Delete(half);
            throw;
        }
    }

    private async Task<long> WriteAsync(Stream stream, Scope scope, ExportOptions options, Action<long>? progress)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = options.AsCsv ? "\r\n" : "\n" };
        if (options.AsCsv)
        {
            await writer.WriteLineAsync(string.Join(',', AccountLine.Columns));
        }

        var (count, after) = (0L, "");
        while (await accounts.ListAfterAsync(scope, after, Piece) is { Count: > 0 } piece)
        {
            var ofPiece = await roles.ListOfAccountsAsync(scope, [.. piece.Select(account => account.Id)]);
            var secrets = options.WithTotpSecrets
                ? (await totps.ListConfirmedAsync(scope, piece.Where(account => account.HasSecondFactor).Select(account => account.Id))).ToDictionary(totp => totp.AccountId)
                : [];
            foreach (var account in piece)
            {
                var line = Line(account, [.. ofPiece[account.Id]], secrets.GetValueOrDefault(account.Id), options);
                await writer.WriteLineAsync(options.AsCsv ? CsvRecords.Write(line.ToCells()) : JsonSerializer.Serialize(line, AccountLine.Writing));
            }

            (count, after) = (count + piece.Count, piece[^1].Id);
            progress?.Invoke(count);
        }

        return count;
    }

    private AccountLine Line(Account account, IReadOnlyList<string> of, StoredTotp? totp, ExportOptions options) => new()
    {
        Id = account.Id,
        Email = account.Email,
        EmailVerified = account.IsVerified,
        Username = account.Username,
        GivenName = account.GivenName,
        FamilyName = account.FamilyName,
        Roles = of,
        CreatedAt = account.CreatedAt.ToInstant(),
        LastLoginAt = account.LastLoginAt.ToInstant(),
        Disabled = account.IsDisabled,
        PasswordChangeRequired = account.PasswordChangeRequired,
        SecondFactor = account.HasSecondFactor,
        PasswordHash = options.WithPasswordHashes ? account.PasswordHash : null,
        PasswordChangedAt = options.WithPasswordHashes ? account.PasswordChangedAt.ToInstant() : null,
        TotpSecret = totp is null ? null : factor.Open(totp).RevealBase32(),
    };
}
