using System.Globalization;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>The database goes away for a moment while mail is under way.</summary>
public sealed class MailLeaseChecks
{
    [MailOutageFact]
    public async Task RE_06_A_short_outage_of_the_database_ends_no_lease_and_holds_up_no_other_mail()
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var cluster = await PostgresCluster.StartAsync();
        await using var database = await TestDatabase.CreateAsync(cluster);
        await using var app = await TestApp.StartAsync(Engine.Postgres, database, null, Through(smtp.Port));
        await smtp.SetAsync(new() { SilentAt = "RCPT slow@example.org" });
        var slow = app.NewActor();
        slow.Email = "slow@example.org";
        await slow.SignUpAsync();
        await Eventually.IsAsync(() => Task.FromResult(Tries() == 1), "the mail server dawdles");
        var lease = await LeaseAsync();

        await cluster.StopServerAsync("fast");
        await Task.Delay(1500); // long enough for the job to ask for more mail in vain
        await cluster.StartServerAsync();

        var other = app.NewActor();
        await Eventually.IsAsync(async () => (await other.TrySignUpAsync()).Status is Created, "the database is back");
        await smtp.WaitForAsync(mail => mail.To.Contains(other.Email), TimeSpan.FromSeconds(20));
        await Eventually.IsAsync(async () => await LeaseAsync() > lease, "the lease was renewed");
        await smtp.CatchUpAsync();
        Assert.Equal(1, Tries());

        int Tries() => smtp.Commands.Count(command => command.Name == "RCPT" && command.Argument!.Contains(slow.Email, StringComparison.Ordinal));
        Task<long> LeaseAsync() => database.ScalarAsync<long>("SELECT next_attempt_at FROM outbox WHERE recipient = @Email", new { slow.Email });
    }

    [MailOutageFact]
    public async Task RE_06_A_mail_that_was_taken_while_the_database_was_away_is_noted_as_sent_when_it_is_back()
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var line = new TcpProxy(smtp.Port);
        await using var cluster = await PostgresCluster.StartAsync();
        await using var database = await TestDatabase.CreateAsync(cluster);
        await using var app = await TestApp.StartAsync(Engine.Postgres, database, null, Through(line.Port));
        line.Swallow();
        var alice = await app.NewActor("alice").SignUpAsync();
        await Eventually.IsAsync(async () => await database.ScalarAsync<long>("SELECT attempts FROM outbox") == 1, "the mail is under way");

        await cluster.StopServerAsync("fast");
        line.Heal();
        await smtp.WaitForAsync(mail => mail.To.Contains(alice.Email), TimeSpan.FromSeconds(20));
        await Task.Delay(1500); // it was tried in vain to note it
        await cluster.StartServerAsync();

        await Eventually.IsAsync(async () => (await StatesAsync()).SequenceEqual(["sent 1"]), "it was noted as sent");
        await smtp.CatchUpAsync();
        Assert.Single(smtp.Received);

        async Task<List<string>> StatesAsync()
        {
            try
            {
                return await database.QueryAsync<string>("SELECT state || ' ' || attempts FROM outbox");
            }
            catch (Npgsql.NpgsqlException)
            {
                return []; // a pooled connection from before
            }
        }
    }

    private static (string, string)[] Through(int port) =>
        [("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Port", port.ToString(CultureInfo.InvariantCulture)), ("Mail:Smtp:Security", "none")];
}

/// <summary>A fact that needs a mail server and a PostgreSQL server of its own; skipped with the reason where one can't be had.</summary>
public sealed class MailOutageFactAttribute : FactAttribute
{
    public MailOutageFactAttribute() => Skip = (SmtpServer.WhyNot ?? PostgresCluster.WhyNot)!;
}
