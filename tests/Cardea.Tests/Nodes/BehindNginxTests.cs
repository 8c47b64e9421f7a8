using System.Net;
using Cardea.Crypto.Otp;
using Cardea.Crypto.Text;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>Three nodes behind the guide's nginx, without sticky sessions: whoever uses them meets another one with each request.</summary>
[Collection(ClusterCollection.Name)]
public sealed class BehindNginxTests(ClusterFixture fixture)
{
    private Cluster Cluster => fixture.Cluster;

    [NodesFact]
    public async Task Who_meets_another_node_with_each_request_signs_up_in_and_on_and_notices_nothing()
    {
        var before = Cluster.LogLines;
        var alice = await Cluster.NewActor("alice").SignUpAsync();
        await alice.VerifyAsync();
        await alice.SignInAsync();
        for (var round = 0; round < 7; round++)
        {
            Assert.True((await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json.GetProperty("is_verified").GetBoolean());
            (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        }

        var browser = await new PageActor(Cluster).SignInAsync(alice);
        for (var round = 0; round < 4; round++)
        {
            Assert.True(await browser.IsSignedInAsync());
        }

        Assert.Equal(HttpStatusCode.SeeOther, (await browser.PostAsync("/logout")).Status);
        Assert.False(await browser.IsSignedInAsync());
        var asked = Cluster.AskedSince(before);
        Assert.True(asked.Count == 3 && asked.Values.All(count => count >= 5), string.Join(", ", asked));
    }

    [NodesFact]
    public async Task A_second_step_that_one_node_asks_for_is_taken_by_another()
    {
        var bob = await (await (await Cluster.NewActor("bob").SignUpAsync()).VerifyAsync()).SignInAsync();
        var begun = (await bob.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        var secret = TotpSecret.From(Base32Text.TryDecode(begun.Member("secret")!, out var bytes) ? bytes : []);
        string CodeIn(int steps) => secret.CodeAt(TotpSecret.StepAt(DateTimeOffset.UtcNow) + steps);
        var codes = (await bob.PostAsync("/users/me/totp/confirm", new { code = CodeIn(-1) })).Expect(HttpStatusCode.OK)
            .Json.GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!).ToList();

        var first = (await bob.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var code = CodeIn(1);
        (await bob.TrySecondStepAsync(first, "totp", code)).Expect(HttpStatusCode.OK);
        (await bob.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        var again = (await bob.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await bob.TrySecondStepAsync(again, "totp", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code"); // used up, on whichever node
        (await bob.TrySecondStepAsync(again, "recovery_code", codes[0])).Expect(HttpStatusCode.OK);

        var browser = new PageActor(Cluster);
        Assert.Equal("/login/second-step", (await browser.TrySignInAsync(bob)).Expect(HttpStatusCode.SeeOther).Location);
        (await browser.GetAsync("/login/second-step?method=recovery_code")).Expect(HttpStatusCode.OK);
        (await browser.PostAsync("/login/second-step", ("method", "recovery_code"), ("code", codes[1]))).Expect(HttpStatusCode.SeeOther);
        Assert.True(await browser.IsSignedInAsync());
    }

    [NodesFact]
    public async Task SE_07_Signing_out_disabling_and_a_change_of_roles_are_seen_by_every_node_within_a_second()
    {
        var root = await Cluster.AdministratorAsync();
        var carol = await Cluster.NewActor("carol").SignUpAsync();
        foreach (var round in (string[])["sign-out", "disable"])
        {
            await carol.SignInAsync();
            await EverywhereAsync(carol, HttpStatusCode.OK);
            _ = round == "sign-out"
                ? (await carol.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK)
                : (await root.PostAsync($"/api/admin/users/{carol.Id}/disable")).Expect(HttpStatusCode.OK);
            await EverywhereAsync(carol, HttpStatusCode.Unauthorized);
        }

        (await root.PostAsync($"/api/admin/users/{carol.Id}/enable")).Expect(HttpStatusCode.OK);
        await carol.SignInAsync();
        await EverywhereAsync(carol, HttpStatusCode.Forbidden, "/api/admin/users");
        (await root.SendAsync(HttpMethod.Put, $"/api/admin/users/{carol.Id}/roles", new { roles = new[] { "user", "admin" } })).Expect(HttpStatusCode.OK);
        await EverywhereAsync(carol, HttpStatusCode.OK, "/api/admin/users"); // with the token that was issued before
        (await root.SendAsync(HttpMethod.Put, $"/api/admin/users/{carol.Id}/roles", new { roles = new[] { "user" } })).Expect(HttpStatusCode.OK);
        await EverywhereAsync(carol, HttpStatusCode.Forbidden, "/api/admin/users");
    }

    [NodesFact]
    public async Task RE_16_A_key_that_is_taken_away_is_refused_by_every_node_within_a_second_and_a_planned_one_is_published_by_all()
    {
        var dora = await (await Cluster.NewActor("dora").SignUpAsync()).SignInAsync();
        await EverywhereAsync(dora, HttpStatusCode.OK);
        var kept = (await dora.GetAsync("/.well-known/jwks.json")).Body; // by a client that caches

        var planned = (await Cli.RunAsync("", ["keys", "rotate", .. Cluster.Nodes[0].Switches])).Worked().Out.Split(' ')[2];
        await Task.WhenAll(Cluster.Nodes.Select(node => Within.OneSecondAsync(async () => (await node.GetAsync("/.well-known/jwks.json", null)).Body.Contains(planned, StringComparison.Ordinal))));
        foreach (var _ in Cluster.Nodes)
        {
            (await dora.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            Assert.Contains(KeyId(dora.AccessToken!), kept, StringComparison.Ordinal); // whoever has not read the set again needs nothing new
        }

        await EverywhereAsync(dora, HttpStatusCode.OK);
        var replaced = (await Cli.RunAsync("", ["keys", "rotate", "--now", .. Cluster.Nodes[1].Switches])).Worked().Out.Split(' ')[2];
        await EverywhereAsync(dora, HttpStatusCode.Unauthorized);
        foreach (var node in Cluster.Nodes)
        {
            (await dora.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            Assert.Equal(replaced, KeyId(dora.AccessToken!));
            (await node.GetAsync("/users/me", dora.AccessToken)).Expect(HttpStatusCode.OK);
        }
    }

    [NodesFact]
    public async Task BF_12_Guesses_and_mails_are_counted_over_all_nodes_together()
    {
        var erin = await Cluster.NewActor("erin").SignUpAsync();
        var guesser = Cluster.NewActor("guesser");

        var answers = await Race.RunAsync(45, number => guesser.TrySignInAsync($"guess {number}", login: erin.Email));

        Assert.Equal(10, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized));
        Assert.Equal(35, answers.Count(answer => answer.Status is HttpStatusCode.TooManyRequests));

        await Cluster.MailsToAsync(erin.Email); // of the sign-up
        foreach (var _ in Enumerable.Range(0, 9))
        {
            (await erin.PostAsync("/password/forgot", new { email = erin.Email })).Expect(HttpStatusCode.Accepted);
        }

        await Eventually.IsAsync(async () => await Cluster.Database.ScalarAsync<long>("SELECT (SELECT COUNT(*) FROM mail_requests) + (SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND recipient = @Email)", new { erin.Email }) == 0, "all was looked at and sent");
        await Cluster.CatchUpOnMailAsync();
        Assert.Equal(3, Cluster.Mails.Count(mail => mail.To.Contains(erin.Email) && mail.Text!.Contains("/reset-password", StringComparison.Ordinal)));
    }

    [NodesFact]
    public async Task BF_08_Nodes_see_the_address_that_the_proxy_saw_and_believe_nobody_else()
    {
        var frank = await Cluster.NewActor("frank").SignUpAsync();
        var from = IPAddress.Parse("127.0.0.3");
        using var client = Cluster.NewClient(from);
        foreach (var (name, value) in Lies)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        await SignInAsync(client, frank);
        Assert.Equal(["127.0.0.3"], await AddressesAsync(frank));

        // Past the proxy, from an address that is none of its: what it says of itself is not believed, nor is another host served.
        var stranger = IPAddress.Parse("127.0.0.4");
        using var direct = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => await Cluster.ConnectAsync(stranger, Cluster.Nodes[0].Port, cancellation) }) { BaseAddress = Cluster.Nodes[0].Http.BaseAddress };
        foreach (var (name, value) in Lies)
        {
            direct.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        await SignInAsync(direct, frank);
        Assert.Equal(["127.0.0.3", "127.0.0.4"], await AddressesAsync(frank));
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, "/login") { Headers = { Host = "evil.example" } };
        using var refused = await direct.SendAsync(elsewhere);
        Assert.Equal("invalid_host", (await Answer.OfAsync(refused)).Code);

        (await frank.PostAsync("/password/forgot", new { email = frank.Email })).Expect(HttpStatusCode.Accepted);
        await Eventually.IsAsync(async () => (await Cluster.MailsToAsync(frank.Email))[0].Links.Any(link => link.StartsWith(Cluster.Origin + "/reset-password?", StringComparison.Ordinal)), "the mail came, with a link to the public URL");
        Assert.DoesNotContain("evil.example", string.Concat(Cluster.Mails.Select(mail => mail.Text)), StringComparison.Ordinal);
    }

    [NodesFact]
    public async Task The_audit_chain_goes_on_over_all_nodes_and_holds()
    {
        await Race.RunAsync(12, number => Cluster.NewActor("greta").SignUpAsync());
        foreach (var node in Cluster.Nodes)
        {
            var working = Race.RunAsync(8, number => Cluster.NewActor("henry").SignUpAsync());
            (await Cli.RunAsync("", ["audit", "verify", .. node.Switches])).Worked();
            await working;
        }

        await Eventually.IsAsync(async () => await Cluster.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_chain WHERE number IS NULL") == 0, "all rows are sealed");
        var (rows, distinct, last) = await Cluster.Database.ScalarAsync<(long, long, long)>("SELECT COUNT(*), COUNT(DISTINCT number), MAX(number) FROM audit_chain");
        Assert.Equal((rows, rows), (distinct, last));
    }

    [NodesFact]
    public async Task The_guides_proxy_leads_plain_http_on_and_serves_no_other_name()
    {
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{Cluster.PlainPort}") };
        async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string host)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { Host = host } };
            return await plain.SendAsync(request);
        }

        using var led = await SendAsync(HttpMethod.Get, "/login?return_url=%2Fdashboard", Cluster.Host);
        Assert.Equal((HttpStatusCode.PermanentRedirect, "https://login.example.org/login?return_url=%2Fdashboard"), (led.StatusCode, led.Headers.Location!.OriginalString));
        using var posted = await SendAsync(HttpMethod.Post, "/auth/login", Cluster.Host);
        Assert.Equal(HttpStatusCode.Forbidden, posted.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(HttpMethod.Get, "/", "evil.example"));
        Assert.Contains("test is successful", await Cluster.Nginx.TestAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain((await Cluster.Nginx.TestAsync()).Split('\n'), line => line.Contains("[warn]", StringComparison.Ordinal) && !line.Contains("super-user", StringComparison.Ordinal)); // it is told who runs it
        using var client = Cluster.NewClient();
        await client.GetAsync(new Uri("/reset-password?token=must-not-be-kept", UriKind.Relative));
        await Eventually.IsAsync(() => Task.FromResult(Cluster.Nginx.AccessLog.Contains(" /reset-password ", StringComparison.Ordinal)), "it is logged");
        Assert.DoesNotContain("must-not-be-kept", Cluster.Nginx.AccessLog, StringComparison.Ordinal);
    }

    private static readonly (string Name, string Value)[] Lies =
    [
        ("X-Forwarded-For", "198.51.100.77"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=198.51.100.77;host=evil.example;proto=http"), ("X-Real-IP", "198.51.100.77"),
    ];

    private static async Task SignInAsync(HttpClient client, Actor who)
    {
        using var body = new StringContent($$"""{"login":"{{who.Email}}","password":"{{who.Password}}"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/auth/login", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private Task<List<string>> AddressesAsync(Actor who) => Cluster.Database.QueryAsync<string>("SELECT address FROM sessions WHERE account_id = @Id ORDER BY id", new { who.Id });

    private static string KeyId(string token) =>
        System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[0])).GetProperty("kid").GetString()!;

    /// <summary>What each node says to one token, asked past nginx; a change must have come within a second.</summary>
    private Task EverywhereAsync(Actor who, HttpStatusCode status, string path = "/users/me") =>
        Task.WhenAll(Cluster.Nodes.Select(node => Within.OneSecondAsync(async () => (await node.GetAsync(path, who.AccessToken)).Status == status)));
}
