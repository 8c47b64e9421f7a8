using System.Diagnostics.Metrics;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Tls;

/// <summary>A certificate is replaced while the server runs, as operators and their tools do it.</summary>
public sealed class CertificateReloadTests
{
    private const string Name = "login.example.org";

    [Fact]
    public async Task TL_02_Replacing_the_files_under_load_shows_the_new_certificate_and_fails_no_handshake()
    {
        var first = TestCertificate.For(Name);
        await using var server = await TlsServer.StartAsync(first);
        using var kept = server.NewClient();
        await AnswersAsync(kept);
        using var stopping = new CancellationTokenSource();
        var (handshakes, seen) = (0, new System.Collections.Concurrent.ConcurrentDictionary<string, bool>());
        var load = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                seen[(await server.HandshakeAsync()).Hash] = true; // throws when it fails
                Interlocked.Increment(ref handshakes);
            }
        })));

        // Written aside and renamed, the key a moment after the certificate.
        var second = TestCertificate.For(Name);
        Rename(server, "cert.pem", second.Certificate);
        Rename(server, "key.pem", second.Key);
        await server.ShowsAsync(second);

        // Written over in place, bit by bit; another kind of key.
        var third = TestCertificate.For(Name, isRsa: true);
        foreach (var (file, text) in new[] { ("cert.pem", third.Certificate), ("key.pem", third.Key) })
        {
            File.WriteAllText(server.Folder.File(file), text[..(text.Length / 2)]);
            await Task.Delay(300);
            File.AppendAllText(server.Folder.File(file), text[(text.Length / 2)..]);
        }

        await server.ShowsAsync(third);
        await stopping.CancelAsync();
        await load;
        Assert.True(handshakes > 50, $"Only {handshakes} handshakes.");
        Assert.Equal([first.Hash, second.Hash, third.Hash], seen.Keys.ToHashSet(StringComparer.Ordinal).Order(new ByTime(first, second, third)));
        await AnswersAsync(kept); // the connection from before is still good
        Assert.Contains("was replaced; the new one is in use", server.Process.Out, StringComparison.Ordinal);
    }

    /// <summary>As certbot keeps them: the settings name links, and the links are swapped; and as Kubernetes does: a folder above is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_is_swapped_is_followed(bool isFolder)
    {
        var (first, second) = (TestCertificate.For(Name), TestCertificate.For(Name));
        var folder = new TestFolder();
        foreach (var (version, pair) in new[] { ("1", first), ("2", second) })
        {
            Directory.CreateDirectory(folder.File(version));
            folder.File(version + "/cert.pem", pair.Certificate);
            folder.File(version + "/key.pem", pair.Key);
        }

        void Point(string version)
        {
            foreach (var (link, target) in isFolder ? [("live", version)] : new[] { ("cert.pem", version + "/cert.pem"), ("key.pem", version + "/key.pem") })
            {
                File.CreateSymbolicLink(folder.File(link + ".new"), target);
                using var move = System.Diagnostics.Process.Start("/bin/mv", ["-T", folder.File(link + ".new"), folder.File(link)]);
                move.WaitForExit();
            }
        }

        Point("1");
        await using var server = await TlsServer.StartAsync(folder, isFolder ? ["--Kestrel:Certificates:Default:Path=live/cert.pem", "--Kestrel:Certificates:Default:KeyPath=live/key.pem"] : []);
        Assert.Equal(first.Hash, (await server.HandshakeAsync()).Hash);
        Point("2");
        await server.ShowsAsync(second);
    }

    /// <summary>Also a certificate of one endpoint, or of one name, in place of the default one; and the redirect port stands beside such endpoints.</summary>
    [Theory]
    [InlineData("Certificate")]
    [InlineData("Sni:login.example.org:Certificate")]
    public async Task A_certificate_of_an_endpoint_or_of_a_name_is_replaced_too(string where)
    {
        var (other, first, second, port) = (TestCertificate.For(Name), TestCertificate.For(Name), TestCertificate.For(Name), Nginx.FreePort());
        var folder = new TestFolder();
        folder.File("cert.pem", other.Certificate);
        folder.File("key.pem", other.Key);
        folder.File("own.pem", first.Certificate);
        folder.File("own.key", first.Key);
        await using var server = await TlsServer.StartAsync(
            folder, "--Kestrel:Endpoints:Main:Url=https://127.0.0.1:0", $"--Kestrel:Endpoints:Main:{where}:Path=own.pem", $"--Kestrel:Endpoints:Main:{where}:KeyPath=own.key", $"--Cardea:Https:RedirectPort={port}");
        Assert.Equal(first.Hash, (await server.HandshakeAsync()).Hash);

        Rename(server, "own.pem", second.Certificate);
        Rename(server, "own.key", second.Key);
        await server.ShowsAsync(second);
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var led = await plain.GetAsync(new Uri($"http://127.0.0.1:{port}/login"));
        Assert.Equal(new Uri("https://login.example.org/login"), led.Headers.Location);
    }

    [Theory]
    [InlineData("another key")]
    [InlineData("half a file")]
    [InlineData("no file")]
    [InlineData("run out")]
    public async Task What_can_not_be_used_is_told_and_the_one_before_stays(string what)
    {
        var (first, second) = (TestCertificate.For(Name), TestCertificate.For(Name));
        await using var server = await TlsServer.StartAsync(first);
        switch (what)
        {
            case "another key":
                Rename(server, "cert.pem", second.Certificate);
                break;
            case "half a file":
                Rename(server, "cert.pem", second.Certificate[..200]);
                Rename(server, "key.pem", second.Key);
                break;
            case "no file":
                File.Delete(server.Folder.File("cert.pem"));
                break;
            default:
                var over = TestCertificate.For(Name, TimeSpan.FromMinutes(-1));
                Rename(server, "cert.pem", over.Certificate);
                Rename(server, "key.pem", over.Key);
                break;
        }

        await Eventually.IsAsync(() => Task.FromResult(server.Process.Out.Contains("was replaced by what can", StringComparison.Ordinal)), "it is told");
        Assert.Equal(first.Hash, (await server.HandshakeAsync()).Hash);
        using var client = server.NewClient();
        await AnswersAsync(client);
        await Task.Delay(1500);
        Assert.Equal(1, Told(server, "was replaced by what can")); // once, and not with each look

        Rename(server, "cert.pem", second.Certificate);
        Rename(server, "key.pem", second.Key);
        await server.ShowsAsync(second);
    }

    [Fact]
    public async Task A_certificate_in_its_last_two_weeks_is_told_at_the_start_and_one_that_is_good_is_not()
    {
        await using var server = await TlsServer.StartAsync(TestCertificate.For(Name, TimeSpan.FromDays(13)));
        await Eventually.IsAsync(() => Task.FromResult(server.Process.Out.Contains("runs out on", StringComparison.Ordinal)), "it is told");

        var good = TestCertificate.For(Name, TimeSpan.FromDays(15));
        Rename(server, "cert.pem", good.Certificate);
        Rename(server, "key.pem", good.Key);
        await server.ShowsAsync(good);
        await Task.Delay(1500);
        Assert.Equal(1, Told(server, "runs out on"));
    }

    [Fact]
    public async Task A_metric_counts_the_seconds_that_are_left()
    {
        using var folder = new TestFolder();
        var certificate = TestCertificate.For(Name, TimeSpan.FromDays(41));
        await using var app = await TestApp.StartAsync(
            Engine.Sqlite, (":Kestrel:Certificates:Default:Path", folder.File("cert.pem", certificate.Certificate)), (":Kestrel:Certificates:Default:KeyPath", folder.File("key.pem", certificate.Key)));
        var seen = new List<double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Name == "cardea.tls.certificate.left")
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => seen.Add(value));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.InRange(Assert.Single(seen), TimeSpan.FromDays(40).TotalSeconds, TimeSpan.FromDays(41).TotalSeconds);
    }

    [Fact]
    public async Task A_key_of_another_certificate_ends_the_start_with_a_sentence()
    {
        using var folder = new TestFolder();
        folder.File("cert.pem", TestCertificate.For(Name).Certificate);
        folder.File("key.pem", TestCertificate.For(Name).Key);
        var ended = await ServerProcess.RunAsync(folder.Path, [
            "--environment", "Development", "--urls", "https://127.0.0.1:0", "--Kestrel:Certificates:Default:Path=cert.pem", "--Kestrel:Certificates:Default:KeyPath=key.pem"]);

        Assert.Equal(2, ended.ExitCode);
        Assert.StartsWith("Kestrel:Certificates:Default: needed are a certificate and its own key", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", ended.Error + ended.Out, StringComparison.Ordinal);
    }

    private static int Told(TlsServer server, string what) => server.Process.Out.Split('\n').Count(line => line.Contains(what, StringComparison.Ordinal));

    private static void Rename(TlsServer server, string file, string text)
    {
        var aside = server.Folder.File(file + ".new", text);
        File.Move(aside, server.Folder.File(file), overwrite: true);
    }

    private static async Task AnswersAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private sealed class ByTime(params TestCertificate[] order) : IComparer<string>
    {
        public int Compare(string? x, string? y) => Array.FindIndex(order, one => one.Hash == x).CompareTo(Array.FindIndex(order, one => one.Hash == y));
    }
}
