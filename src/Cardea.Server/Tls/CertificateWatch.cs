using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Cardea.Foundation.Web;

namespace Cardea.Server.Tls;

/// <summary>
/// Takes new certificates into use while the server runs, and says when one is about to run out. It looks at what the files hold and not at events of the
/// file system: certbot swaps a link, Kubernetes a folder above it, others rename or write in place, and all of them come to the same.
/// </summary>
internal sealed partial class CertificateWatch : BackgroundService
{
    /// <summary>Before that it is nobody's business, after that somebody must have a chance to act.</summary>
    public static readonly TimeSpan WarnedBefore = TimeSpan.FromDays(14);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarningInterval = TimeSpan.FromDays(1);

    private readonly IReadOnlyList<Watched> _watched;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Meter _meter;
    private long? _warnedAt;

    public CertificateWatch(IReadOnlyList<CertificateFile> files, TimeProvider clock, IMeterFactory meters, ILogger<CertificateWatch> log)
    {
        (_watched, _clock, _log) = ([.. files.Select(file => new Watched(file))], clock, log);
        _meter = meters.Create(Telemetry.Name);
        _meter.CreateObservableGauge(
            "cardea.tls.certificate.left", () => files.Select(file => new Measurement<double>(Left(file).TotalSeconds, new KeyValuePair<string, object?>("certificate", file.Setting))), "s",
            "How long until the certificate runs out");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        do
        {
            foreach (var watched in _watched)
            {
                Look(watched);
            }

            Warn();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
    }

    /// <summary>
    /// What was seen twice the same is looked at: a file that is being written, or a certificate whose key comes a moment later, gets the time to become
    /// whole. What is then no good is told once, and what was in force stays.
    /// </summary>
    private void Look(Watched watched)
    {
        string seen;
        try
        {
            seen = watched.File.Fingerprint();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            seen = fault.Message;
        }

        var isSettled = seen == watched.Seen;
        watched.Seen = seen;
        if (!isSettled || seen == watched.Judged)
        {
            return;
        }

        watched.Judged = seen;
        if (seen == watched.File.Current.Fingerprint)
        {
            return; // as it was, after all
        }

        try
        {
            var loaded = watched.File.Load();
            if (loaded.Certificate.NotAfter.ToUniversalTime() <= _clock.GetUtcNow().UtcDateTime)
            {
                throw new CryptographicException("The certificate has run out.");
            }

            watched.File.Use(loaded);
            watched.Judged = loaded.Fingerprint;
            _warnedAt = null;
            LogTaken(watched.File.Path, loaded.Certificate.NotAfter.ToUniversalTime());
        }
        catch (Exception fault)
        {
            // Whatever stands in the files: what goes wrong here would otherwise stop the server.
            LogKept(watched.File.Path, fault.Message, watched.File.Current.Certificate.NotAfter.ToUniversalTime());
        }
    }

    private void Warn()
    {
        if (_warnedAt is { } at && _clock.GetElapsedTime(at) < WarningInterval)
        {
            return;
        }

        _warnedAt = _clock.GetTimestamp();
        foreach (var file in _watched.Select(watched => watched.File).Where(file => Left(file) < WarnedBefore))
        {
            if (Left(file) < TimeSpan.Zero)
            {
                LogOver(file.Path, file.Current.Certificate.NotAfter.ToUniversalTime());
            }
            else
            {
                LogRunsOut(file.Path, file.Current.Certificate.NotAfter.ToUniversalTime());
            }
        }
    }

    private TimeSpan Left(CertificateFile file) => file.Current.Certificate.NotAfter.ToUniversalTime() - _clock.GetUtcNow().UtcDateTime;

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <param name="file">What is looked at.</param>
    private sealed class Watched(CertificateFile file)
    {
        public CertificateFile File { get; } = file;

        /// <summary>What the last look saw.</summary>
        public string Seen { get; set; } = file.Current.Fingerprint;

        /// <summary>What was last taken or refused.</summary>
        public string Judged { get; set; } = file.Current.Fingerprint;
    }

    [LoggerMessage(1, LogLevel.Information, "The certificate in {Path} was replaced; the new one is in use, and good until {NotAfter:yyyy-MM-dd HH:mm}Z")]
    private partial void LogTaken(string path, DateTime notAfter);

    [LoggerMessage(2, LogLevel.Warning, "The certificate in {Path} was replaced by what can't be used: {Reason} The one before stays in use, and is good until {NotAfter:yyyy-MM-dd HH:mm}Z")]
    private partial void LogKept(string path, string reason, DateTime notAfter);

    [LoggerMessage(3, LogLevel.Warning, "The certificate in {Path} runs out on {NotAfter:yyyy-MM-dd HH:mm}Z. Put a new one in its place: it is taken without a restart")]
    private partial void LogRunsOut(string path, DateTime notAfter);

    [LoggerMessage(4, LogLevel.Error, "The certificate in {Path} has run out on {NotAfter:yyyy-MM-dd HH:mm}Z: browsers turn away. Put a new one in its place: it is taken without a restart")]
    private partial void LogOver(string path, DateTime notAfter);
}
