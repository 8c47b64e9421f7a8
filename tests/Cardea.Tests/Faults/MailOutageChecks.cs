using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>The mail server is down, silent, or refuses: nobody who signs up notices, and the mail comes once.</summary>
public class MailOutageChecks
{
    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task RE_06_A_silent_mail_server_delays_no_request_and_gets_every_mail_once_when_it_speaks_again(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var proxy = new TcpProxy(smtp.Port);
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await RunningServer.StartAsync(database, Through(proxy.Port));
        var asked = (await SignUpAsync(server, "first", 20)).Emails; // whose code is compiled while they wait
        var usual = await SignUpAsync(server, "usual", Scale.Of(10, 200));
        asked.AddRange(usual.Emails);

        var faults = new (string Name, Func<Task> Begin, Func<Task> End)[]
        {
            ("silent", () => Do(proxy.Swallow), () => Do(proxy.Heal)),
            ("refusing for now", () => smtp.SetAsync(new() { Replies = new() { ["MAIL"] = "421 4.3.2 going down" } }), () => smtp.SetAsync()),
            ("dropping", () => smtp.SetAsync(new() { DropAt = "EHLO" }), () => smtp.SetAsync()),
        };
        var figures = new List<string>();
        foreach (var (name, begin, end) in Scale.IsLong ? faults : faults[..1])
        {
            await begin();
            var during = await SignUpAsync(server, "during" + name.Replace(' ', '-'), Scale.Of(10, 200));
            asked.AddRange(during.Emails);
            // Whoever waited for the mail server would wait for seconds; a tenth more or less is what a machine's own noise makes of it, and stands in the figures.
            Scale.Within(usual.P99 + TimeSpan.FromSeconds(1), during.P99, $"A sign-up while the mail server is {name} (p99)");
            await Task.Delay(TimeSpan.FromSeconds(Scale.Of(1, 30, 600)));
            await end();
            var begun = DateTimeOffset.UtcNow;
            var last = DateTimeOffset.UtcNow;
            while (smtp.Received.SelectMany(mail => mail.To).Distinct().Count() < asked.Count && DateTimeOffset.UtcNow - begun < TimeSpan.FromSeconds(120))
            {
                await Task.Delay(100);
                last = DateTimeOffset.UtcNow;
            }

            Scale.Within(TimeSpan.FromSeconds(60), last - begun, $"The mail after the server was {name}");
            figures.Add($"{name}: sign-up p99 {during.P99.TotalMilliseconds:F0} ms (usually {usual.P99.TotalMilliseconds:F0}), all mail {(last - begun).TotalSeconds:F0} s after");
        }

        await smtp.CatchUpAsync();
        Assert.Equal(asked.Order(StringComparer.Ordinal), smtp.Received.SelectMany(mail => mail.To).Order(StringComparer.Ordinal));
        Scale.Measured("RE-06", $"{engine}: {asked.Count} of {asked.Count} mails delivered, 0 twice; {string.Join("; ", figures)}");
    }

    /// <summary>Refused for good is told at once and easily passed over; an address at which the server says nothing for minutes must be so too.</summary>
    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task RE_07_Addresses_that_are_refused_or_dawdled_at_hold_up_nobody_else(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await RunningServer.StartAsync(database, Through(smtp.Port));
        await smtp.SetAsync(new() { SilentAt = "RCPT slow0@example.org", Replies = new() { ["RCPT refused0@example.org"] = "550 5.1.1 no such user" } });
        await SignUpAsync(server, "slow", 1);
        await SignUpAsync(server, "refused", 1);
        await Eventually.IsAsync(async () => (await database.QueryAsync<string>("SELECT state FROM outbox WHERE recipient = 'refused0@example.org'")).SequenceEqual(["parked"]), "the refused mail was parked");
        await smtp.CatchUpAsync();
        Assert.Contains(smtp.Commands, command => command.Argument?.Contains("slow0", StringComparison.Ordinal) is true); // it has begun to dawdle

        var (begun, others) = (DateTimeOffset.UtcNow, await SignUpAsync(server, "other", Scale.Of(20, 100)));
        foreach (var email in others.Emails)
        {
            await smtp.WaitForAsync(mail => mail.To.Contains(email), TimeSpan.FromSeconds(60));
        }

        var taken = DateTimeOffset.UtcNow - begun;
        Scale.Within(TimeSpan.FromSeconds(5), taken, "The mail to everybody else");
        Scale.Measured("RE-07", $"{engine}: refused mail parked, {others.Emails.Count} others delivered within {taken.TotalSeconds:F1} s");
    }

    private static Task Do(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private static async Task<(List<string> Emails, TimeSpan P99)> SignUpAsync(RunningServer server, string name, int count)
    {
        var (emails, taken) = (new List<string>(), new List<TimeSpan>());
        for (var number = 0; number < count; number++)
        {
            var begun = System.Diagnostics.Stopwatch.GetTimestamp();
            var email = $"{name}{number}@example.org";
            (await server.PostAsync("/auth/signup", new { email, password = "violet tractor lamp nine" })).Expect(HttpStatusCode.Created);
            taken.Add(System.Diagnostics.Stopwatch.GetElapsedTime(begun));
            emails.Add(email);
        }

        return (emails, taken.Order().ElementAt((int)(count * 0.99)));
    }

    private static (string, string)[] Through(int port) =>
        [("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Port", port.ToString(CultureInfo.InvariantCulture)), ("Mail:Smtp:Security", "none")];
}
