using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Tls;

/// <summary>What the server speaks, seen by a program that tries everything.</summary>
public sealed partial class TlsScanTests
{
    [SslscanTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TL_02_Only_TLS_1_2_and_1_3_with_forward_secrecy_and_authenticated_encryption_are_offered(bool isRsa)
    {
        await using var server = await TlsServer.StartAsync(TestCertificate.For("login.example.org", isRsa: isRsa));
        using var process = Process.Start(new ProcessStartInfo(SslscanTheoryAttribute.Program, ["--xml=-", "--show-cipher-ids", $"127.0.0.1:{server.Address.Port}"]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        var scan = XDocument.Parse(output).Descendants("ssltest").Single();
        var enabled = scan.Elements("protocol").ToDictionary(one => $"{one.Attribute("type")!.Value} {one.Attribute("version")!.Value}", one => one.Attribute("enabled")!.Value == "1");
        Assert.Equal(new Dictionary<string, bool> { ["ssl 2"] = false, ["ssl 3"] = false, ["tls 1.0"] = false, ["tls 1.1"] = false, ["tls 1.2"] = true, ["tls 1.3"] = true }, enabled);
        Assert.All(scan.Elements("compression"), one => Assert.Equal("0", one.Attribute("supported")!.Value)); // it is silent where its own library knows none
        var renegotiation = scan.Element("renegotiation")!;
        Assert.True(renegotiation.Attribute("supported")!.Value == "0" || renegotiation.Attribute("secure")!.Value == "1", renegotiation.ToString());
        Assert.All(scan.Elements("heartbleed"), one => Assert.Equal("0", one.Attribute("vulnerable")!.Value));

        var ciphers = scan.Elements("cipher").Select(cipher => (Name: cipher.Attribute("cipher")!.Value, Bits: int.Parse(cipher.Attribute("bits")!.Value, CultureInfo.InvariantCulture))).ToList();
        Assert.True(ciphers.Count >= 5, output);
        Assert.All(ciphers, cipher => Assert.True(Sound().IsMatch(cipher.Name) && cipher.Bits >= 128, cipher.ToString()));
        Assert.All((string[])["RC4", "3DES", "NULL", "EXP", "CBC", "MD5"], weak => Assert.DoesNotContain(ciphers, cipher => cipher.Name.Contains(weak, StringComparison.OrdinalIgnoreCase)));
    }

    private static readonly int[] Old = [0x002F, 0x0035, 0xC013, 0xC014, 0xC009, 0xC00A, 0x000A, 0x0005];

    private static readonly (string What, int Version, int[] Suites)[] Weak =
    [
        ("SSL 3", 0x0300, Old),
        ("TLS 1.0", 0x0301, Old),
        ("TLS 1.1", 0x0302, Old),
        ("RC4, 3DES, NULL, EXPORT, anonymous", 0x0303, [0x0005, 0xC007, 0xC011, 0x000A, 0xC008, 0xC012, 0x0002, 0x003B, 0xC006, 0x0003, 0x0008, 0x0034, 0xC018]),
        ("no forward secrecy, or CBC", 0x0303, [0x002F, 0x0035, 0x003C, 0x009C, 0x009D, 0xC009, 0xC00A, 0xC013, 0xC014, 0xC023, 0xC027, 0x0033, 0x0067]),
    ];

    /// <summary>Greetings that today's libraries don't send any more, byte by byte.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TL_02_What_is_old_or_weak_is_refused_at_the_greeting(bool isRsa)
    {
        await using var server = await TlsServer.StartAsync(TestCertificate.For("login.example.org", isRsa: isRsa));
        foreach (var (what, version, suites) in Weak)
        {
            Assert.True(await Greeting.SendAsync(server.Address.Port, version, suites) == Greeting.Refused, what);
            Assert.True(await Greeting.SendAsync(server.Address.Port, 0x0303, [isRsa ? 0xC02F : 0xC02B, .. suites]) == 0, "The sound one among them is taken, uncompressed.");
        }
    }

    [Fact]
    public async Task HTTP_2_and_1_1_are_spoken_and_both_tell_browsers_to_stay_on_https()
    {
        await using var server = await TlsServer.StartAsync(TestCertificate.For("login.example.org"));
        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11])
        {
            using var client = server.NewClient(version);
            using var answer = await client.GetAsync(new Uri("/login", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, answer.Version));
            Assert.Equal("max-age=31536000; includeSubDomains", answer.Headers.GetValues("Strict-Transport-Security").Single());
        }

        Assert.Equal(SslProtocols.Tls13, (await server.HandshakeAsync()).Protocol);
        Assert.Equal(SslProtocols.Tls12, (await server.HandshakeAsync(SslProtocols.Tls12)).Protocol);
    }

    [Theory]
    [InlineData("Kestrel:EndpointDefaults:SslProtocols:0", "Tls11")]
    [InlineData("Kestrel:Endpoints:Main:SslProtocols:0", "Tls")]
    public async Task TL_02_An_old_protocol_can_not_be_switched_on(string key, string protocol)
    {
        using var folder = new TestFolder();
        var ended = await ServerProcess.RunAsync(folder.Path, ["--environment", "Development", $"--{key}={protocol}"]);
        Assert.Equal((2, $"{key}: \"{protocol}\" was given; allowed are Tls12 and Tls13.\n"), (ended.ExitCode, ended.Error));
    }

    [GeneratedRegex("^(TLS_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)|ECDHE-(RSA|ECDSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305))$")]
    private static partial Regex Sound();
}

/// <summary>A theory that needs Debian's <c>sslscan</c>; skipped with that reason where it isn't installed.</summary>
public sealed class SslscanTheoryAttribute : TheoryAttribute
{
    public const string Program = "/usr/bin/sslscan";

    public SslscanTheoryAttribute() => Skip = (File.Exists(Program) ? null : "sslscan is absent: apt-get install sslscan")!;
}
