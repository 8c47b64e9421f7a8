using Cardea.Features.Accounts;
using Cardea.Features.Admin;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Features.Totp;
using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

/// <summary>A row on its way: either it is out already, or it is a candidate.</summary>
internal sealed record ImportRow(long Number, string? SourceId, ImportCandidate? Candidate, byte[]? Key, Skipped? Why);

/// <summary>Some rows in one transaction: what is taken is looked up for all of them, and what is left is written in one go for each table.</summary>
public sealed class ImportBatch(
    AccountStore accounts, RoleStore roles, TotpStore totps, TotpFactor factor, ImportedRowStore importedRows, AuditLog audit, TimeProvider clock)
{
    private static readonly string CreatedRole = "Came with an import";

    /// <summary>Decides about the rows as the scope sees them; writes nothing and keeps nothing.</summary>
    internal async Task<List<RowVerdict>> JudgeAsync(Scope scope, IReadOnlyList<ImportRow> rows, ImportRun run)
    {
        var candidates = rows.Where(row => row.Candidate is not null).ToList();
        var known = run.Options.Again ? [] : await importedRows.ListKnownAsync(scope, candidates.Select(row => row.Key!));
        var taken = await accounts.ListTakenAsync(
            scope,
            candidates.Select(row => row.Candidate!.Account.Id).Where(id => id.Length > 0),
            candidates.Select(row => row.Candidate!.Account.Email),
            candidates.Select(row => row.Candidate!.Account.Username?.ToLowerInvariant()).OfType<string>());
        var byEmail = taken.DistinctBy(one => one.Email).ToDictionary(one => one.Email, one => one.Id);
        var ids = taken.Select(one => one.Id).ToHashSet();
        var usernames = taken.Select(one => one.UsernameKey).OfType<string>().ToHashSet();
        var powers = await roles.ListPowersAsync(scope);
        var seen = run.Seen.Begin();

        RowVerdict Judge(ImportRow row)
        {
            if (row.Candidate is not { } candidate)
            {
                return Out(row, row.Why!);
            }

            var (account, source) = (candidate.Account, SourceKey.Short(row.Key!));
            if (!seen.Add(account.Email, source))
            {
                return Out(row, Skipped.Doubled);
            }

            if (byEmail.TryGetValue(account.Email, out var id))
            {
                return new(row.Number, row.SourceId, ImportOutcome.AlreadyThere, id);
            }

            if (known.Contains(source))
            {
                return new(row.Number, row.SourceId, ImportOutcome.AlreadyThere, Reason: "gone_since");
            }

            var why = account.Username?.ToLowerInvariant() is { } username && (usernames.Contains(username) || seen.HasUsername(username)) ? Skipped.UsernameTaken
                : ids.Contains(account.Id) || seen.HasId(account.Id) ? Skipped.IdTaken
                : WhyNotRoles(candidate.Roles, powers, run.Options);
            if (why is not null)
            {
                seen.Remove(account.Email, source); // another row of the same address may be better
                return Out(row, why);
            }

            seen.AddNames(account.Username?.ToLowerInvariant(), account.Id);
            return new(row.Number, row.SourceId, ImportOutcome.Imported, account.Id.Length > 0 ? account.Id : run.Options.DryRun ? null : Id.New(clock));
        }

        var verdicts = rows.Select(Judge).ToList();
        run.Judged = seen;
        return verdicts;
    }

    internal async Task<List<RowVerdict>> WriteAsync(Transaction transaction, IReadOnlyList<ImportRow> rows, ImportRun run)
    {
        var verdicts = await JudgeAsync(transaction, rows, run);
        var added = rows.Zip(verdicts).Where(pair => pair.Second.Outcome is ImportOutcome.Imported)
            .Select(pair => (Row: pair.First, Account: pair.First.Candidate!.Account with { Id = pair.Second.AccountId! }, pair.First.Candidate!)).ToList();
        if (added.Count == 0)
        {
            return verdicts;
        }

        var now = clock.Milliseconds();
        foreach (var role in added.SelectMany(one => one.Item3.Roles).Distinct(StringComparer.Ordinal))
        {
            if (run.Options.CreateRoles && await roles.TryAddAsync(transaction, role, CreatedRole, now))
            {
                await audit.RecordAsync(transaction, AdminEvents.RoleAdded, null, run.Client, new { Role = role, Permissions = Array.Empty<string>() }, actorId: run.Actor);
                transaction.Invalidate(RolePermissions.Topic, role);
            }
        }

        await accounts.AddAllAsync(transaction, added.Select(one => one.Account));
        await roles.GrantAllAsync(transaction, added.SelectMany(one => one.Item3.Roles.Append(RoleName.User).Select(role => (one.Account.Id, role))));
        await totps.AddConfirmedAsync(transaction, added.Where(one => one.Item3.Totp is not null).Select(one => new StoredTotp
        {
            AccountId = one.Account.Id,
            Secret = factor.Seal(one.Account.Id, one.Item3.Totp!),
            LastStep = -1,
            CreatedAt = now,
            ConfirmedAt = now,
        }));
        await importedRows.AddAllAsync(transaction, run.Options.Again ? await NewKeysAsync(transaction, added.Select(one => one.Row.Key!)) : added.Select(one => one.Row.Key!), now);
        await audit.RecordAllAsync(
            transaction, TransferEvents.AccountImported, added.Select(one => (one.Account.Id, (object?)new { From = run.System, SourceId = one.Row.SourceId, one.Item3.Roles }, (string?)null)), run.Client, run.Actor);
        return verdicts;
    }

    private static Skipped? WhyNotRoles(IReadOnlyList<string> wanted, Dictionary<string, bool> powers, ImportOptions options)
    {
        foreach (var role in wanted)
        {
            if (!powers.TryGetValue(role, out var isPowerful))
            {
                if (!options.CreateRoles || !RoleKeeping.IsName(role))
                {
                    return Skipped.UnknownRole(role);
                }
            }
            else if (isPowerful && !options.AllowAdmin)
            {
                return Skipped.Administrator(role);
            }
        }

        return null;
    }

    private async Task<IEnumerable<byte[]>> NewKeysAsync(Scope scope, IEnumerable<byte[]> keys)
    {
        var all = keys.ToList();
        var known = await importedRows.ListKnownAsync(scope, all);
        return all.Where(key => !known.Contains(SourceKey.Short(key)));
    }

    private static RowVerdict Out(ImportRow row, Skipped why) => new(row.Number, row.SourceId, ImportOutcome.Skipped, Reason: why.Reason, Detail: why.Detail);
}
