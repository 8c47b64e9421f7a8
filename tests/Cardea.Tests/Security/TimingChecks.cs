using System.Diagnostics;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Alone, so that no other test's work is measured.</summary>
[CollectionDefinition(nameof(TimingChecks), DisableParallelization = true)]
public sealed class TimingAlone;

/// <summary>
/// Nobody learns from the time that an answer takes whether somebody has an account. A busy machine makes honest code look uneven and never
/// makes a leak of a whole hash look even, so one good run of three is enough.
/// </summary>
[Collection(nameof(TimingChecks))]
public sealed class TimingChecks
{
    private const int Requests = 120;
    private const int PerName = 8; // below what throttles a name

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_02_A_sign_in_takes_as_long_for_an_unknown_name_as_for_a_known_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:MemoryKiB", ""), ("Passwords:Iterations", ""));
        for (var run = 1; ; run++)
        {
            var known = await AddAccountsAsync(app, Requests / PerName, copies: await app.NewActor().SignUpAsync());
            var unknown = Enumerable.Range(0, Requests / PerName).Select(number => $"unknown{run}-{number}@example.org").ToList();
            var client = app.NewActor();
            var verdict = await CompareAsync(known, unknown, async name =>
                (await client.TrySignInAsync("not the password", login: name)).Expect(HttpStatusCode.Unauthorized));
            if (verdict.IsEven || run == 3)
            {
                Assert.True(verdict.IsEven, verdict.ToString());
                return;
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_02_A_wrong_mailed_code_takes_as_long_for_an_unknown_address_as_for_one_that_waits_for_its_code(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var run = 1; ; run++)
        {
            var known = await AddAccountsAsync(app, Requests / PerName, copies: await app.NewActor().SignUpAsync());
            var unknown = Enumerable.Range(0, Requests / PerName).Select(number => $"unknown{run}-{number}@example.org").ToList();
            var client = app.NewActor();
            foreach (var email in known)
            {
                (await client.PostAsync("/auth/code/send", new { email })).Expect(HttpStatusCode.Accepted);
            }

            await app.MailsToAsync(known[0]); // the jobs have done their work before anything is measured
            var verdict = await CompareAsync(known, unknown, async email => (await client.TryCodeAsync("000000", email)).Expect(HttpStatusCode.Unauthorized));
            if (verdict.IsEven || run == 3)
            {
                Assert.True(verdict.IsEven, verdict.ToString());
                return;
            }

            app.Clock.Advance(TimeSpan.FromMinutes(16)); // so many failures of one address are refused
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_03_Asking_for_mail_takes_as_long_for_an_unknown_address_as_for_a_known_one_also_when_the_mail_server_is_slow(Engine engine)
    {
        // It takes the connection and says nothing: every attempt to mail hangs.
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var app = await TestApp.StartAsync(
            engine, ("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Security", "none"),
            ("Mail:Smtp:Port", $"{((IPEndPoint)silent.LocalEndpoint).Port}"), ("TrustedProxies", "127.0.0.1"));
        foreach (var path in new[] { "/password/forgot", "/verify/send", "/auth/code/send", "/auth/link/send" })
        {
            for (var run = 1; ; run++)
            {
                var known = await AddAccountsAsync(app, Requests, copies: await app.NewActor().SignUpAsync());
                var unknown = Enumerable.Range(0, Requests).Select(number => $"unknown{run}-{number}@example.org").ToList();
                var client = app.NewActor();
                var address = $"198.51.100.{run}";
                var verdict = await CompareAsync(known, unknown, async email =>
                    (await client.SendAsync(HttpMethod.Post, path, new { email }, change: request => request.Headers.Add("X-Forwarded-For", address))).Expect(HttpStatusCode.Accepted));
                if (verdict.IsEven || run == 3)
                {
                    Assert.True(verdict.IsEven, $"{path}: {verdict}");
                    break;
                }
            }
        }

        Assert.True(await app.Database.ScalarAsync<long>("SELECT count(*) FROM outbox WHERE state = 'queued'") > 0);
    }

    private static async Task<Verdict> CompareAsync(IReadOnlyList<string> known, IReadOnlyList<string> unknown, Func<string, Task> ask)
    {
        await ask(known[0]);
        await ask(unknown[0]);
        var order = new Random(20260101);
        List<double> knownTimes = [], unknownTimes = [];
        for (var number = 0; number < Requests; number++)
        {
            var first = order.Next(2) == 0;
            foreach (var isKnown in new[] { first, !first })
            {
                var name = isKnown ? known[number % known.Count] : unknown[number % unknown.Count];
                var begun = Stopwatch.GetTimestamp();
                await ask(name);
                (isKnown ? knownTimes : unknownTimes).Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
        }

        return new(Median(knownTimes), Median(unknownTimes), Auc(knownTimes, unknownTimes));
    }

    /// <summary>Accounts with the verifier of one that signed up: they cost a look, not a hash each.</summary>
    private static async Task<IReadOnlyList<string>> AddAccountsAsync(TestApp app, int count, Actor copies)
    {
        var emails = Enumerable.Range(0, count).Select(number => $"{copies.Name}-{number}@example.org").ToList();
        foreach (var email in emails)
        {
            await app.Database.ExecuteAsync(
                "INSERT INTO accounts (id, email, password_hash, created_at) SELECT @id, @email, password_hash, created_at FROM accounts WHERE email = @source",
                new { id = Guid.CreateVersion7().ToString("n"), email, source = copies.Email });
        }

        return emails;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>How likely a request for a known name is slower than one for an unknown: one half when nothing can be told.</summary>
    private static double Auc(List<double> known, List<double> unknown) =>
        known.Sum(time => unknown.Sum(other => time > other ? 1.0 : time < other ? 0.0 : 0.5)) / (known.Count * (double)unknown.Count);

    private sealed record Verdict(double Known, double Unknown, double Auc)
    {
        public bool IsEven => Auc is >= 0.35 and <= 0.65 && (Math.Abs(Known - Unknown) < 5 || Math.Abs(Known - Unknown) < 0.1 * Math.Max(Known, Unknown));
    }
}
