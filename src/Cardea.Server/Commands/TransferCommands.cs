using Cardea.Features.Transfers;
using Cardea.Foundation.Settings;

namespace Cardea.Server.Commands;

/// <summary><c>cardea import</c> and <c>cardea export</c></summary>
internal static class TransferCommands
{
    /// <summary>It ran to its end, and left rows out.</summary>
    private const int RowsWereSkipped = 3;

    public static IReadOnlyList<Command> All { get; } =
    [
        new(
            "import",
            "FILE [--format FORMAT] [--dry-run] [--report REPORT] [--create-roles] [--without-roles] [--map-role PAIR] [--allow-admin] [--drop-second-factors] [--ignore-unknown] [--again] [--firebase-hash-config PARAMETERS]",
            "Brings accounts along from another system, with their password hashes.", ImportAsync)
        {
            More = """
                FILE is CSV or JSON lines with the members that `cardea export` writes, an export of a Keycloak realm or of Firebase Authentication, or the database of
                ASP.NET Core Identity: a SQLite file, or a connection string of PostgreSQL (Host=…;Database=…; the password is better in PGPASSWORD or ~/.pgpass).

                --format FORMAT          csv, jsonl, keycloak, firebase or aspnet-identity; otherwise told from the file
                --dry-run                does everything but write
                --report REPORT          what became of each row, as lines of JSON; a report that is there is replaced
                --create-roles           makes roles that there are not; otherwise their rows are skipped
                --without-roles          nobody gets a role but `user`
                --map-role OLD=NEW       calls a role otherwise; OLD= drops it. May be given more than once
                --allow-admin            lets rows have the role `admin`, or another one that has permissions; otherwise they are skipped
                --drop-second-factors    imports accounts without a second factor that can't come along; otherwise they are skipped
                --ignore-unknown         passes over columns and members that are not known
                --again                  also imports what was imported before and whose account is gone
                --firebase-hash-config PARAMETERS
                                         a file with the project's password hash parameters, as the Firebase console shows them

                Whoever has an account already is left as it is. Started again, also after it was killed, an import goes on and doubles nobody. The server may run meanwhile.
                Exit code 0: every row is imported or was there. 3: rows were skipped; standard output counts the reasons, the report names the rows. 1: it could not be done.
                """,
        },
        new("export", "FILE [--format FORMAT] [--with-password-hashes] [--with-totp-secrets]", "Writes all accounts into a file that `cardea import` reads.", ExportAsync)
        {
            More = """
                --format FORMAT          jsonl, which is the default, or csv
                --with-password-hashes   so that the accounts can sign in where they are imported; whoever has the file can try guesses at leisure
                --with-totp-secrets      the secrets of authenticator apps, in clear

                The file is for its owner alone (mode 0600), and one that is there already is not replaced. Passkeys stay behind: they work at one address only.
                """,
        },
    ];

    private static async Task<int> ImportAsync(CommandCall call)
    {
        var clock = call.Get<TimeProvider>();
        if (call.Option("format") is { } format && !SourceFormats.All.Contains(format))
        {
            throw new UsageException($"cardea import: --format is one of {string.Join(", ", SourceFormats.All)}; \"{format}\" was given.");
        }

        var options = new ImportOptions
        {
            DryRun = call.Has("dry-run"),
            CreateRoles = call.Has("create-roles"),
            WithoutRoles = call.Has("without-roles"),
            RoleNames = call.All("map-role").Select(Pair).GroupBy(pair => pair.Old).ToDictionary(group => group.Key, group => group.Last().New),
            AllowAdmin = call.Has("allow-admin"),
            DropSecondFactors = call.Has("drop-second-factors"),
            Again = call.Has("again"),
        };
        var path = call.Option("report");
        if (path is not null && Path.GetFullPath(path) == Path.GetFullPath(call.Words[0]))
        {
            throw new CommandFailure("The report would take the place of what is imported.");
        }

        try
        {
            var firebase = call.Option("firebase-hash-config") is { } parameters ? FirebaseHashConfig.Parse(await File.ReadAllTextAsync(parameters)) : null;
            var source = SourceFormats.Open(call.Words[0], call.Option("format"), call.Has("ignore-unknown"), firebase, clock);
            await source.CheckAsync(CancellationToken.None);
            await call.OpenAsync(mayMake: !options.DryRun);
            await using var report = new ImportReport(path);
            try
            {
                await call.Get<AccountImport>().RunAsync(source, options, report, call.Client, call.Actor, call.Progress("rows"), CancellationToken.None);
            }
            catch
            {
                call.Error.WriteLine($"It was broken off. {report.Rows} rows are settled, {report.Imported} of them imported; the same command goes on from there.");
                throw;
            }

            return Tell(call, report, options);
        }
        catch (InvalidDataException fault)
        {
            throw new CommandFailure(fault.Message);
        }
    }

    private static int Tell(CommandCall call, ImportReport report, ImportOptions options)
    {
        call.Out.WriteLine($"{report.Rows} rows: {report.Imported} {(options.DryRun ? "would be imported" : "imported")}, {report.AlreadyThere} already there, {report.Skipped} skipped.{(options.DryRun ? " Nothing was written." : "")}");
        foreach (var (reason, count) in report.Reasons)
        {
            call.Out.WriteLine($"  {reason}: {count}");
        }

        if (report.Skipped == 0)
        {
            return 0;
        }

        call.Error.WriteLine($"{report.Skipped} of {report.Rows} rows were skipped.{(call.Has("report") ? "" : " --report FILE names them.")}");
        return RowsWereSkipped;
    }

    private static async Task<int> ExportAsync(CommandCall call)
    {
        _ = call.Get<ServerOptions>();
        var format = call.Option("format") ?? SourceFormats.JsonLines;
        if (format is not (SourceFormats.JsonLines or SourceFormats.Csv))
        {
            throw new UsageException($"cardea export: --format is jsonl or csv; \"{format}\" was given.");
        }

        var options = new ExportOptions(format == SourceFormats.Csv, call.Has("with-password-hashes"), call.Has("with-totp-secrets"));
        await call.OpenAsync();
        var count = await call.Get<AccountsExport>().WriteAsync(call.Words[0], options, call.Client, call.Actor, call.Progress("accounts"), CancellationToken.None);
        call.Out.WriteLine($"{call.Words[0]} has {count} accounts, {(options.WithPasswordHashes ? "with" : "without")} their password hashes.");
        return 0;
    }

    private static (string Old, string New) Pair(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? (text[..at], text[(at + 1)..])
            : throw new UsageException($"cardea import: --map-role is OLD=NEW; \"{text}\" was given.");
}
