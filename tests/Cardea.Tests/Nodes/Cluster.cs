using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.House;

namespace Cardea.Tests.Nodes;

/// <summary>
/// What the guide "Several nodes" makes: programs of their own on one PostgreSQL database, in Production, behind nginx with the guide's configuration.
/// Clients go to https://login.example.org, which is nginx here.
/// </summary>
public sealed partial class Cluster : ISite, IAsyncDisposable
{
    public const string Host = "login.example.org";
    public const string AdminEmail = "root@example.org";
    public const string Password = "violet tractor lamp nine";

    private const int DrainSeconds = 2;

    private readonly SmtpServer _smtp;
    private readonly TestCertificate _certificate;
    private readonly Node[] _nodes;
    private readonly Nginx _nginx;
    private readonly int _tlsPort;

    private Cluster(TestDatabase database, SmtpServer smtp, TestCertificate certificate, Node[] nodes, Nginx nginx, int tlsPort, int plainPort) =>
        (Database, _smtp, _certificate, _nodes, _nginx, _tlsPort, PlainPort) = (database, smtp, certificate, nodes, nginx, tlsPort, plainPort);

    public TestDatabase Database { get; }

    public IReadOnlyList<Node> Nodes => _nodes;

    public Nginx Nginx => _nginx;

    public int PlainPort { get; }

    public string Origin => "https://" + Host;

    public IReadOnlyList<ReceivedMail> Mails => _smtp.Received;

    public static async Task<Cluster> StartAsync(int count)
    {
        var database = await TestDatabase.CreateAsync(Engine.Postgres);
        var smtp = await SmtpServer.StartAsync();
        var settings = new Dictionary<string, string>
        {
            ["PublicUrl"] = "https://" + Host,
            ["MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["TrustedProxies"] = "127.0.0.1",
            ["Database:Provider"] = "postgres",
            ["Database:ConnectionString"] = database.ConnectionString,
            ["Passwords:MemoryKiB"] = "1024",
            ["Passwords:Iterations"] = "1",
            ["Shutdown:DrainSeconds"] = DrainSeconds.ToString(CultureInfo.InvariantCulture),
            ["SignIn:NotifyByMail"] = "never",
            ["Bootstrap:AdminEmail"] = AdminEmail,
            ["Bootstrap:AdminPassword"] = Password,
            ["Mail:Transport"] = "smtp",
            ["Mail:Smtp:Host"] = "127.0.0.1",
            ["Mail:Smtp:Port"] = smtp.Port.ToString(CultureInfo.InvariantCulture),
            ["Mail:Smtp:Security"] = "none",
        };
        Node[] nodes = [.. Enumerable.Range(0, count).Select(_ => new Node(settings))];
        try
        {
            await Task.WhenAll(nodes.Select(node => node.StartAsync())); // on an empty database, all at once
            return await StartAsync(database, smtp, nodes);
        }
        catch
        {
            await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
            await smtp.DisposeAsync();
            await database.DisposeAsync();
            throw;
        }
    }

    private static async Task<Cluster> StartAsync(TestDatabase database, SmtpServer smtp, Node[] nodes)
    {
        var certificate = TestCertificate.For(Host);
        var folder = Nginx.NewFolder();
        var (tlsPort, plainPort) = (Nginx.FreePort(), Nginx.FreePort());
        var configuration = Configuration(nodes.Select(node => node.Port))
            .Replace("/etc/letsencrypt/live/login.example.org/fullchain.pem", folder.File("fullchain.pem", certificate.Certificate), StringComparison.Ordinal)
            .Replace("/etc/letsencrypt/live/login.example.org/privkey.pem", folder.File("privkey.pem", certificate.Key), StringComparison.Ordinal)
            .Replace("listen 443 ", $"listen 127.0.0.1:{tlsPort} ", StringComparison.Ordinal);
        var nginx = await Nginx.StartAsync(folder, PlainListener().Replace(configuration, $"listen 127.0.0.1:{plainPort}"), tlsPort);
        return new(database, smtp, certificate, nodes, nginx, tlsPort, plainPort);
    }

    /// <summary>The guide's nginx.conf with these nodes in place of its three, each as the guide writes one.</summary>
    public static string Configuration(IEnumerable<int> ports)
    {
        var guide = File.ReadAllText(Path.Combine(SourceTree.Root, "docs/guides/several-nodes.md"));
        var configuration = Fence().Match(guide).Groups[1].Value;
        var lines = ServerLine().Matches(configuration).Select(match => match.Value).ToList();
        Assert.Equal(3, lines.Count);
        var ours = ports.Select(port => ServerLine().Replace(lines[0], match => match.Value.Replace(match.Groups[1].Value, $"127.0.0.1:{port}", StringComparison.Ordinal)));
        return configuration.Replace(string.Join('\n', lines), string.Join('\n', ours), StringComparison.Ordinal);
    }

    public HttpClient NewClient(CookieContainer? cookies = null) => NewClient(IPAddress.Loopback, cookies);

    /// <param name="from">One of this machine's loopback addresses: nginx sees clients by it.</param>
    /// <param name="cookies">Null is a client without.</param>
    public HttpClient NewClient(IPAddress from, CookieContainer? cookies = null) => new(new SocketsHttpHandler
    {
        UseCookies = cookies is not null,
        CookieContainer = cookies ?? new CookieContainer(),
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellation) => await ConnectAsync(from, _tlsPort, cancellation),
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == _certificate.Hash },
    })
    {
        BaseAddress = new Uri(Origin),
        Timeout = TimeSpan.FromSeconds(30),
    };

    public static async Task<Stream> ConnectAsync(IPAddress from, int port, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits until there is one: it is sent by a job.</summary>
    public async Task<IReadOnlyList<TestMail>> MailsToAsync(string address)
    {
        await _smtp.WaitForAsync(mail => mail.To.Contains(address), TimeSpan.FromSeconds(20));
        return [.. _smtp.Received.Where(mail => mail.To.Contains(address)).Reverse()
            .Select(mail => new TestMail("", address, mail.Subject ?? "", mail.Text ?? "", mail.Html ?? "", [.. Link().Matches(mail.Text ?? "").Select(match => match.Value)], null))];
    }

    public async Task CatchUpOnMailAsync() => await _smtp.CatchUpAsync();

    /// <summary>Which nodes nginx has asked, and how often, since the log had so many lines.</summary>
    public IReadOnlyDictionary<string, int> AskedSince(int lines) => _nginx.AccessLog.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(lines)
        .SelectMany(line => Upstream().Matches(line).Select(match => match.Value)).GroupBy(port => port).ToDictionary(group => group.Key, group => group.Count());

    public int LogLines => _nginx.AccessLog.Count(letter => letter == '\n');

    public Actor NewActor(string name) => new(this, name);

    /// <summary>Somebody elsewhere: an address of their own, with limits of its own.</summary>
    public Actor NewActor(string name, IPAddress from) => new(new SeenFrom(this, from), name);

    public async Task<Actor> AdministratorAsync()
    {
        var root = NewActor("root");
        (root.Email, root.Password) = (AdminEmail, Password);
        return await root.SignInAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await _smtp.DisposeAsync();
        await Database.DisposeAsync();
    }

    private sealed class SeenFrom(Cluster cluster, IPAddress address) : ISite
    {
        public string Origin => cluster.Origin;

        public HttpClient NewClient(CookieContainer? cookies = null) => cluster.NewClient(address, cookies);

        public Task<IReadOnlyList<TestMail>> MailsToAsync(string address) => cluster.MailsToAsync(address);
    }

    [GeneratedRegex("```nginx\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^ +server (\d+\.\d+\.\d+\.\d+:\d+) .*;$", RegexOptions.Multiline)]
    private static partial Regex ServerLine();

    [GeneratedRegex(@"listen 80\b")]
    private static partial Regex PlainListener();

    [GeneratedRegex(@"https://login\.example\.org/\S+")]
    private static partial Regex Link();

    [GeneratedRegex(@"127\.0\.0\.1:\d+(?=[, ])")]
    private static partial Regex Upstream();
}

/// <summary>One of them: the program, its port, which stays, and its folder.</summary>
public sealed class Node(IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private ServerProcess? _process;

    public int Port { get; } = Nginx.FreePort();

    public HttpClient Http => field ??= new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1) })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{Port}"),
        Timeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>What a command needs to work on this node's database and folder.</summary>
    public string[] Switches => ["--environment", "Production", $"--Cardea:DataDirectory={_folder.File("data")}", .. settings.Select(pair => $"--Cardea:{pair.Key}={pair.Value}")];

    public string Out => _process!.Out;

    public async Task StartAsync()
    {
        _process = ServerProcess.Start(_folder.Path, ["--urls", $"http://127.0.0.1:{Port}", .. Switches]);
        await _process.ListeningAsync();
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync());
    }

    /// <summary>Null when nobody listens.</summary>
    public async Task<HttpStatusCode?> ReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task<Answer> GetAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        using var answer = await Http.SendAsync(request);
        return await Answer.OfAsync(answer);
    }

    public Task TerminateAsync() => _process!.TerminateAsync();

    public Task<Ended> EndAsync() => _process!.EndAsync();

    /// <summary>By SIGKILL.</summary>
    public async Task KillAsync() => await _process!.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }
}

/// <summary>One cluster of three nodes for all tests that need one.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public Cluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (new NodesFactAttribute().Skip is null)
        {
            Cluster = await Cluster.StartAsync(3);
        }
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "Three nodes behind nginx";
}
