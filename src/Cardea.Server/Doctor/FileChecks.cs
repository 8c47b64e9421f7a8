using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Server.Tls;

namespace Cardea.Server.Doctor;

/// <summary>Who may read what must stay among ourselves, and whether there is room.</summary>
internal static class FileChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const long LeastFreeBytes = 200L * 1024 * 1024;

    public static void Run(Report report, ServerOptions server, IConfiguration configuration, SettingsReader settings, TimeProvider clock)
    {
        var directory = Path.GetFullPath(server.DataDirectory);
        if (!Directory.Exists(directory))
        {
            report.Note("data directory", $"{directory} does not exist.", "It is made at the first start. If there has been one, Cardea:DataDirectory points somewhere else: it counts from the folder of the start.");
        }
        else
        {
            var before = report.Faults;
            CheckMode(report, "data directory", directory, "700");
            CheckWritable(report, directory);
            var database = server.Engine is Engine.Sqlite ? Path.GetFullPath(SqliteDatabase.FileOf(server.ConnectionString)) : null;
            foreach (var file in new[] { Path.Combine(directory, DataDirectory.KeyFile), Path.Combine(directory, "localhost.pem"), Path.Combine(directory, AuditCheckpointFile.Name), database, database + "-wal" })
            {
                CheckMode(report, "files", file, "600");
            }

            if (before == report.Faults)
            {
                report.Ok("data directory", $"{directory} and what is in it belong to one user alone");
            }
        }

        foreach (var setting in settings.Known.Where(setting => setting.Key.EndsWith("File", StringComparison.Ordinal) && setting.Value is { Length: > 0 }))
        {
            CheckMode(report, "files", Path.GetFullPath(setting.Value!), "600", setting.Key);
        }

        CheckCertificates(report, configuration, server, clock);
    }

    private static void CheckMode(Report report, string area, string? path, string mode, string? setting = null)
    {
        if (OperatingSystem.IsWindows() || path is null || (!File.Exists(path) && !Directory.Exists(path)) || (File.GetUnixFileMode(path) & Others) == 0)
        {
            return;
        }

        report.Fault(area, $"{path}{(setting is null ? "" : $" ({setting})")} has mode {Convert.ToString((int)File.GetUnixFileMode(path), 8)}: others on this machine can get at it.", $"chmod {mode} {path}");
    }

    private static void CheckWritable(Report report, string directory)
    {
        try
        {
            var probe = Path.Combine(directory, $".doctor.{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            if (new DriveInfo(directory).AvailableFreeSpace is var free and < LeastFreeBytes)
            {
                report.Fault("disk", $"{free / 1024 / 1024} MiB are left where {directory} lies.", "Make room: a database that can't write refuses every sign-in.");
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            report.Fault("data directory", $"{directory} can't be written to ({fault.Message}).", "Run this as the server's user, and give the folder to that user: chown.");
        }
    }

    private static void CheckCertificates(Report report, IConfiguration configuration, ServerOptions server, TimeProvider clock)
    {
        var pairs = CertificateFile.Of(configuration);
        foreach (var pair in pairs)
        {
            CheckCertificate(report, pair.Path, pair, server, clock);
        }

        if (configuration["Kestrel:Certificates:Default:Path"] is { Length: > 0 } path && pairs.All(pair => pair.Path != path))
        {
            CheckCertificate(report, path, null, server, clock);
        }
    }

    private static void CheckCertificate(Report report, string path, CertificateFile? pair, ServerOptions server, TimeProvider clock)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            var left = certificate.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime;
            if (certificate.NotBefore.ToUniversalTime() > clock.GetUtcNow().UtcDateTime)
            {
                report.Fault("certificate", $"{path} is good only from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm}Z on.", "Wait until then, take another, or this machine's clock is behind: timedatectl shows it.");
            }
            else if (left < CertificateWatch.WarnedBefore)
            {
                report.Fault("certificate", $"{path} {(left < TimeSpan.Zero ? "has run out" : "runs out")} on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}.", "Renew it: a running server takes the new files without a restart.");
            }
            else if (WhyNoPair(pair) is { } why)
            {
                report.Fault("certificate", $"{path} and the key beside it can't be used together ({why})", "Put both files of one order in place; a server that runs keeps the pair before until then.");
            }
            else
            {
                report.Ok("certificate", $"{path} is good until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
            }

            if (server.PublicUrl is { } url && !certificate.MatchesHostname(url.IdnHost))
            {
                report.Note("certificate", $"{path} is not for {url.IdnHost}, where people are to reach this server.", "That is right only where a proxy stands between. Otherwise order one for that name, or mend Cardea:PublicUrl.");
            }
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            report.Fault("certificate", $"{path} can't be read as a certificate ({fault.Message})", "Kestrel:Certificates names PEM files that this user can read.");
        }
    }

    private static string? WhyNoPair(CertificateFile? pair)
    {
        try
        {
            pair?.Load().Certificate.Dispose();
            return null;
        }
        catch (CryptographicException fault)
        {
            return fault.Message;
        }
    }
}
