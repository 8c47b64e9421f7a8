using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>
/// The wire: bounded replies, one time limit for each step and one for the whole conversation, TLS that checks the certificate.
/// Whatever goes wrong below leaves as an <see cref="SmtpFailure"/>.
/// </summary>
internal sealed class SmtpConnection(SmtpOptions options, TimeSpan stepLimit, TimeSpan overallLimit, CancellationToken caller) : IAsyncDisposable
{
    // RFC 5321 section 4.5.3.1.5 allows 512 octets for a reply line. Real servers say a little more; a hostile one would never stop.
    private const int LongestLine = 1000;
    private const int MostLines = 100;

    private readonly TimeSpan _goodbyeLimit = TimeSpan.FromSeconds(Math.Min(5, stepLimit.TotalSeconds));
    private readonly CancellationTokenSource _overall = Limited(overallLimit, caller);
    private readonly byte[] _received = new byte[LongestLine + 2];
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private int _receivedCount;
    private Stream _stream = Stream.Null;

    /// <summary>The conversation is in step: a reply was read for everything sent, so that a QUIT would be understood.</summary>
    public bool IsInStep { get; private set; }

    public SslProtocols? Tls => (_stream as SslStream)?.SslProtocol;

    // RFC 5321 section 4.1.3: a client without a name of its own in the DNS gives its address as a literal.
    public string OwnName
    {
        get
        {
            var address = ((IPEndPoint)_tcp.Client.LocalEndPoint!).Address;
            address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            return address.AddressFamily == AddressFamily.InterNetwork ? $"[{address}]" : $"[IPv6:{new IPAddress(address.GetAddressBytes())}]";
        }
    }

    public Task ConnectAsync() => StepAsync("connecting", stepLimit, async cancellation =>
    {
        await _tcp.ConnectAsync(options.Host, options.Port, cancellation);
        _stream = _tcp.GetStream();
        return true;
    });

    public Task StartTlsAsync() => StepAsync("TLS", stepLimit, async cancellation =>
    {
        // What came after the reply to STARTTLS came in clear, and anybody on the path may have written it. Read after the
        // handshake it would pass for the server's word (RFC 3207 section 5, and CVE-2011-0411 with its many kin).
        if (_receivedCount > 0)
        {
            throw Failure("TLS: the server sent more than its reply before the handshake");
        }

        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = tls;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = options.Host,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = TrustedRoots(),
            },
            cancellation);
        return true;
    });

    public Task<SmtpReply> ReadReplyAsync(string step) => StepAsync(step, stepLimit, ReadReplyAsync);

    /// <summary>Sends one line and reads its reply. <paramref name="step"/> is what a failure may call it: the line itself may be a secret.</summary>
    public Task<SmtpReply> CommandAsync(string step, string line) => CommandAsync(step, line, stepLimit);

    private Task<SmtpReply> CommandAsync(string step, string line, TimeSpan limit)
    {
        // A line break in an argument would be a second command (HM-02). Whoever gets here with one has skipped a check.
        if (line.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException("An SMTP command is one line of printable ASCII.", nameof(line));
        }

        return StepAsync(step, limit, async cancellation =>
        {
            await _stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancellation);
            return await ReadReplyAsync(cancellation);
        });
    }

    /// <summary>
    /// Sends the message and waits for the verdict as long as the conversation may last: a server may scan a mail for minutes, and
    /// giving up early sends it twice (RFC 5321 sections 4.5.3.2.6 and 6.1).
    /// </summary>
    public Task<SmtpReply> SendDataAsync(byte[] stuffed) => StepAsync("the end of DATA", overallLimit, async cancellation =>
    {
        await _stream.WriteAsync(stuffed, cancellation);
        return await ReadReplyAsync(cancellation);
    });

    /// <summary>Says goodbye when the server still listens. Its answer changes nothing: the mail was settled before (RFC 5321 section 4.1.1.10).</summary>
    public async Task QuitAsync()
    {
        if (!IsInStep)
        {
            return;
        }

        try
        {
            await CommandAsync("QUIT", "QUIT", _goodbyeLimit);
        }
        catch (Exception fault) when (fault is SmtpFailure or OperationCanceledException)
        {
            // As good as goodbye.
        }
    }

    public SmtpFailure Failure(string what, int? replyCode = null, bool isPermanent = false, Exception? inner = null) =>
        new($"Mail server {options.Host}:{options.Port}: {what}.", replyCode, isPermanent, inner);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stream.DisposeAsync();
        }
        catch (IOException)
        {
            // The other side was quicker; the mail's fate was settled before.
        }

        _tcp.Dispose();
        _overall.Dispose();
    }

    private async Task<SmtpReply> ReadReplyAsync(CancellationToken cancellation)
    {
        var lines = new List<string>();
        int? first = null;
        while (lines.Count < MostLines)
        {
            var line = await ReadLineAsync(cancellation);
            if (!SmtpReply.TryReadLine(line, out var code, out var isLast, out var text) || code != (first ??= code))
            {
                throw Failure("what it sent is not an SMTP reply");
            }

            lines.Add(text);
            if (isLast)
            {
                IsInStep = code != 421;
                return new SmtpReply(code, lines);
            }
        }

        throw Failure($"a reply has more than {MostLines} lines");
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var end = _received.AsSpan(0, _receivedCount).IndexOf("\r\n"u8);
            if (end >= 0)
            {
                var line = Encoding.Latin1.GetString(_received, 0, end);
                _receivedCount -= end + 2;
                Buffer.BlockCopy(_received, end + 2, _received, 0, _receivedCount);
                return line.AsSpan().ContainsAny('\r', '\n', '\0') ? throw Failure("what it sent is not an SMTP reply") : line;
            }

            if (_receivedCount == _received.Length)
            {
                throw Failure($"a reply line is longer than {LongestLine} characters");
            }

            var count = await _stream.ReadAsync(_received.AsMemory(_receivedCount), cancellation);
            _receivedCount += count > 0 ? count : throw new IOException("the server closed the connection");
        }
    }

    private async Task<T> StepAsync<T>(string step, TimeSpan limit, Func<CancellationToken, Task<T>> act)
    {
        IsInStep = false;
        using var clock = Limited(limit, _overall.Token);
        try
        {
            return await act(clock.Token);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            throw Failure($"{step}: no answer in time");
        }
        catch (Exception fault) when (fault is IOException or SocketException or AuthenticationException or CryptographicException)
        {
            throw Failure($"{step}: {SmtpReply.Printable(fault.Message).TrimEnd('.')}", inner: fault);
        }
    }

    private X509ChainPolicy? TrustedRoots()
    {
        if (options.TrustedRootFile is not { } file)
        {
            return null;
        }

        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }

    private static CancellationTokenSource Limited(TimeSpan limit, CancellationToken outer)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        source.CancelAfter(limit);
        return source;
    }
}
