using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cardea.Tests.Harness;

/// <summary>
/// A real SMTP server (aiosmtpd in a Python process) on free loopback ports: STARTTLS on <see cref="Port"/>, implicit TLS on
/// <see cref="TlsPort"/>, AUTH PLAIN and LOGIN, and a certificate for localhost from a throw-away authority.
/// </summary>
public sealed class SmtpServer : IAsyncDisposable
{
    public const string Host = "localhost";
    public const string Username = "mailer";
    public const string Password = "correct horse";

    private const string Python = "/usr/bin/python3";
    private static readonly Lazy<string?> Missing = new(FindWhatIsMissing);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cardea-smtp-");
    private readonly Lock _gate = new();
    private readonly List<ReceivedMail> _received = [];
    private readonly List<SmtpCommand> _commands = [];
    private readonly List<string> _signIns = [];
    private readonly TaskCompletionSource<JsonElement> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _faultsAreSet = new(0);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;
    private SmtpFaults? _inForce;

    private SmtpServer(X509Certificate2 ca) => CaCertificate = ca;

    /// <summary>Why no server can be started here; null when it can.</summary>
    public static string? WhyNot => Missing.Value;

    public int Port { get; private set; }

    public int TlsPort { get; private set; }

    public X509Certificate2 CaCertificate { get; }

    /// <summary>The authority's certificate as a PEM file, for a client's trust.</summary>
    public string CaFile => Path.Combine(_directory.FullName, "ca.pem");

    public IReadOnlyList<ReceivedMail> Received => Snapshot(_received);

    public IReadOnlyList<SmtpCommand> Commands => Snapshot(_commands);

    /// <summary>The mechanisms of the sign-ins that were accepted.</summary>
    public IReadOnlyList<string> SignIns => Snapshot(_signIns);

    public static async Task<SmtpServer> StartAsync(string certificateFor = Host, string? tlsMaximum = null)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Throw-away CA", caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var ca = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        var server = new SmtpServer(ca);
        try
        {
            server.WriteCertificates(ca, certificateFor);
            await server.LaunchAsync(tlsMaximum);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Replaces the faults; without argument the server behaves again. Returns when they are in force.</summary>
    public async Task SetAsync(SmtpFaults? faults = null)
    {
        _inForce = faults;
        await _process!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(faults ?? new SmtpFaults(), Json));
        await _process.StandardInput.FlushAsync();
        Assert.True(await _faultsAreSet.WaitAsync(TimeSpan.FromSeconds(10)), "The SMTP server does not answer.");
    }

    /// <summary>Returns when everything the server saw so far is in the lists: a test that asserts an absence needs it.</summary>
    public Task CatchUpAsync() => SetAsync(_inForce);

    public async Task<ReceivedMail> WaitForAsync(Predicate<ReceivedMail> predicate, TimeSpan? timeout = null)
    {
        using var clock = new CancellationTokenSource(timeout ?? TimeSpan.FromSeconds(10));
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_received.Find(predicate) is { } mail)
                {
                    return mail;
                }

                next = _changed.Task;
            }

            try
            {
                await next.WaitAsync(clock.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No such mail; {Received.Count} came, to: {string.Join(", ", Received.SelectMany(mail => mail.To))}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } child)
        {
            // The end of its standard input ends it, also when this process dies; a server kept busy by a fault is ended here.
            child.StandardInput.Close();
            child.Kill();
            await child.WaitForExitAsync();
            child.Dispose();
        }

        CaCertificate.Dispose();
        _faultsAreSet.Dispose();
        _directory.Delete(recursive: true);
    }

    private static string? FindWhatIsMissing()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import aiosmtpd"]) { RedirectStandardError = true })!;
            probe.WaitForExit();
            return probe.ExitCode == 0 ? null : "python3-aiosmtpd is not installed";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"{Python} is not installed";
        }
    }

    private void WriteCertificates(X509Certificate2 ca, string certificateFor)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={certificateFor}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(certificateFor);
        if (certificateFor == Host)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var leaf = request.Create(ca, ca.NotBefore, ca.NotAfter, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(_directory.FullName, "server.pem"), leaf.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_directory.FullName, "server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CaFile, ca.ExportCertificatePem());
    }

    private async Task LaunchAsync(string? tlsMaximum)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Harness", "smtp_server.py");
        var options = JsonSerializer.Serialize(
            new
            {
                Certificate = Path.Combine(_directory.FullName, "server.pem"),
                Key = Path.Combine(_directory.FullName, "server.key"),
                TlsMaximum = tlsMaximum,
            },
            Json);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(Python, ["-u", script, options])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        var errors = new System.Text.StringBuilder();
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => errors.AppendLine(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            var ports = await _ready.Task.WaitAsync(TimeSpan.FromSeconds(20));
            Port = ports.GetProperty("port").GetInt32();
            TlsPort = ports.GetProperty("tls_port").GetInt32();
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"The SMTP server did not start: {errors}");
        }
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        using var document = JsonDocument.Parse(line);
        var said = document.RootElement;
        switch (said.GetProperty("event").GetString())
        {
            case "ready":
                _ready.SetResult(said.Clone());
                break;
            case "set":
                _faultsAreSet.Release();
                break;
            case "mail":
                Keep(_received, said.Deserialize<ReceivedMail>(Json)!);
                break;
            case "command":
                Keep(_commands, said.Deserialize<SmtpCommand>(Json)!);
                break;
            case "signed_in":
                Keep(_signIns, said.GetProperty("mechanism").GetString()!);
                break;
        }
    }

    private void Keep<T>(List<T> list, T item)
    {
        lock (_gate)
        {
            list.Add(item);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private T[] Snapshot<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }
}
