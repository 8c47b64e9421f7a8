using System.Diagnostics;
using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Faults;
using Cardea.Tests.Harness;

namespace Cardea.Faults;

/// <summary>What a dead node held. In every run a store's test moves the clock instead of waiting.</summary>
public sealed class Leases
{
    [SmtpTheory, OnPostgres]
    public async Task RE_22_The_mail_that_a_killed_node_was_sending_is_sent_by_another(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await smtp.SetAsync(new() { SilentAt = "RCPT" });
        await using var database = await TestDatabase.CreateAsync(engine);
        (string, string)[] settings =
            [("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Port", smtp.Port.ToString(CultureInfo.InvariantCulture)), ("Mail:Smtp:Security", "none")];
        await using var first = await RunningServer.StartAsync(database, settings);
        (await first.PostAsync("/auth/signup", new { email = "alice@example.org", password = "violet tractor lamp nine" })).Expect(HttpStatusCode.Created);
        await Eventually.IsAsync(() => Task.FromResult(smtp.Commands.Any(command => command.Name == "RCPT")), "the first node was sending");
        await first.Process.KillAsync();
        await smtp.SetAsync();
        var begun = Stopwatch.GetTimestamp();
        await using var second = await RunningServer.StartAsync(database, settings);

        await smtp.WaitForAsync(mail => mail.To.Contains("alice@example.org"), TimeSpan.FromMinutes(2));

        var taken = Stopwatch.GetElapsedTime(begun);
        Scale.Within(TimeSpan.FromSeconds(60), taken, "The take-over");
        await Task.Delay(TimeSpan.FromSeconds(5));
        await smtp.CatchUpAsync();
        Assert.Single(smtp.Received);
        Scale.Measured("RE-22", $"mail of a killed node sent by another after {taken.TotalSeconds:F0} s, once");
    }
}
