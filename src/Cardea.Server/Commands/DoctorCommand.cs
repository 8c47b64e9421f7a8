using System.Data.Common;
using Cardea.Crypto.Passwords;
using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Server.Doctor;

namespace Cardea.Server.Commands;

/// <summary><c>cardea doctor</c></summary>
internal static class DoctorCommand
{
    public static Command Command { get; } = new("doctor", "", "Looks for faults in settings, files, database, keys, clock, mail and proxies, and says what to do.", RunAsync)
    {
        More = """
            Exit code 0: nothing is wrong. Exit code 1: it found faults; 2: in the settings. It changes nothing, and the server may run meanwhile. Run it as the server's user, with
            the server's settings. It talks to the database, to the mail server without mailing anything, and to the public URL, and to nobody else.
            """,
    };

    private static async Task<int> RunAsync(CommandCall call)
    {
        var (report, code, told) = (new Report(call.Out), 1, (string?)null);
        try
        {
            await CheckAsync(call, report);
        }
        catch (SettingsException fault)
        {
            foreach (var one in fault.Faults)
            {
                report.Fault("settings", one, "docs/reference/settings.md lists what there is. The rest can't be looked at until it is mended.");
            }

            (code, told) = (2, fault.Message);
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or ArgumentException)
        {
            report.Fault("settings", fault.Message, "Check Logging, Kestrel and --urls.");
            (code, told) = (2, fault.Message);
        }

        call.Out.WriteLine(report.Faults == 0 && report.Notes == 0 ? "Nothing is wrong." : $"{Count(report.Faults, "fault")}, {Count(report.Notes, "note")}.");
        if (report.Faults == 0)
        {
            return 0;
        }

        await call.Error.WriteLineAsync(told ?? $"cardea doctor found {Count(report.Faults, "fault")}: {report.Areas}.");
        return code;
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static async Task CheckAsync(CommandCall call, Report report)
    {
        var services = call.Services;
        var (server, mail, settings, clock) = (call.Get<ServerOptions>(), call.Get<MailOptions>(), call.Get<SettingsReader>(), call.Get<TimeProvider>());
        report.Ok("settings", $"{settings.Known.Count} are understood; `cardea settings` shows them");
        var cost = call.Get<PasswordsOptions>().Cost;
        if (!cost.MeetsMinimum)
        {
            report.Note("passwords", $"Argon2id takes {cost.MemoryKiB} KiB and {cost.Iterations} passes, less than OWASP asks for.", $"Leave Cardea:Passwords:MemoryKiB at {Argon2Parameters.Minimum.MemoryKiB} and :Iterations at {Argon2Parameters.Minimum.Iterations}, or raise them.");
        }

        FileChecks.Run(report, server, call.Get<IConfiguration>(), settings, clock);
        if (await DatabaseChecks.RunAsync(report, services, server))
        {
            try
            {
                await DatabaseChecks.RunKeysAsync(report, services, server);
                await DatabaseChecks.RunRowsAsync(report, services);
                await MailChecks.RunOutboxAsync(report, services);
                await NetworkChecks.RunAddressesAsync(report, services, server);
            }
            catch (Exception fault) when (fault is DbException || Dialect.IsOutage(fault))
            {
                report.Fault("database", fault.Message, "It went away while it was looked at, or lacks something: try again, and look into its own log.");
            }
        }

        await MailChecks.RunAsync(report, mail);
        NetworkChecks.RunSettings(report, server, mail, call.Get<IConfiguration>(), call.Get<IHostEnvironment>());
        await NetworkChecks.ProbeAsync(report, server, clock);
    }
}
