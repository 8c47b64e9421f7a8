using System.Net;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Mail;

/// <summary>Between the commit and the mail server: nothing is lost, nothing sent twice, and what helps nobody any more is let go.</summary>
public sealed class OutboxTests
{
    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task After_an_outage_everything_is_delivered_once_within_a_minute(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        var actors = Enumerable.Range(0, 10).Select(_ => app.NewActor()).ToList();
        SmtpFaults[] outages = [new() { DropAt = "EHLO" }, new() { Replies = new() { ["MAIL"] = "421 4.3.2 going down" } }, new() { Replies = new() { ["RCPT"] = "451 4.7.1 greylisted" } }, new() { Replies = new() { ["."] = "452 4.3.1 full" } }];
        foreach (var (number, outage) in outages.Index())
        {
            await smtp.SetAsync(outage);
            foreach (var actor in actors.Where((_, index) => index % outages.Length == number))
            {
                await actor.SignUpAsync(); // answers as ever
            }

            for (var half = 0; half < 4; half++)
            {
                await app.PumpAsync();
                app.Clock.Advance(TimeSpan.FromSeconds(35));
            }
        }

        await smtp.CatchUpAsync();
        Assert.Empty(smtp.Received);
        Assert.Equal(10, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND content IS NOT NULL AND attempts > 1 AND last_error IS NOT NULL"));

        await smtp.SetAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(60));
        await app.PumpAsync();
        app.Clock.Advance(TimeSpan.FromHours(1));
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(actors.Select(actor => actor.Email).Order(), smtp.Received.SelectMany(mail => mail.To).Order());
        Assert.Equal(10, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'sent' AND content IS NULL AND finished_at IS NOT NULL"));
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task A_mail_under_way_when_the_server_stops_is_given_back_for_another_node_to_send(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        await smtp.SetAsync(new() { SilentAt = "MAIL" });
        await app.NewActor().SignUpAsync();
        await Eventually.IsAsync(() => Task.FromResult(smtp.Commands.Any(command => command.Name == "MAIL")), "the mail was under way");
        Assert.Equal(0, await CountDueAsync());

        await app.StopAsync();
        Assert.Equal(1, await CountDueAsync()); // and doesn't wait for the lease of a node that is gone
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT attempts FROM outbox"));

        Task<long> CountDueAsync() => app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND next_attempt_at <= @now", new { now = app.Clock.GetUtcNow().ToUnixTimeMilliseconds() });
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task A_recipient_refused_for_good_is_parked_while_the_others_go_on(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp));
        var actors = Enumerable.Range(0, 6).Select(_ => app.NewActor()).ToList();
        await smtp.SetAsync(new() { Replies = new() { ["RCPT " + actors[0].Email] = "550 5.1.1 no such user" } });
        foreach (var actor in actors)
        {
            await actor.SignUpAsync();
        }

        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(actors.Skip(1).Select(actor => actor.Email).Order(), smtp.Received.SelectMany(mail => mail.To).Order());
        var (state, attempts, hasContent, error) = await app.Database.ScalarAsync<(string, long, bool, string)>(
            "SELECT state, attempts, content IS NOT NULL, last_error FROM outbox WHERE recipient = @Email", new { actors[0].Email });
        Assert.Equal(("parked", 1, true), (state, attempts, hasContent)); // an administrator may have it sent after all
        Assert.Contains("550", error, StringComparison.Ordinal);

        await smtp.SetAsync();
        app.Clock.Advance(TimeSpan.FromHours(2));
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.DoesNotContain(smtp.Received, mail => mail.To.Contains(actors[0].Email)); // for good is for good
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task A_code_that_has_run_out_is_not_sent_any_more(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, HmMailTests.Through(smtp, ("Recovery:Method", "code")));
        var alice = await app.NewActor().SignUpAsync();
        await app.PumpAsync();
        await smtp.WaitForAsync(mail => mail.To[0] == alice.Email);
        await smtp.SetAsync(new() { DropAt = "EHLO" });
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        await app.PumpAsync();

        await smtp.SetAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Single(smtp.Received);
        Assert.Equal(("parked", false), await app.Database.ScalarAsync<(string, bool)>("SELECT state, content IS NOT NULL FROM outbox WHERE template = 'reset-code'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_mail_that_was_delivered_is_emptied_and_in_time_forgotten(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor().SignUpAsync();
        Assert.NotNull((await app.LastMailToAsync(alice.Email)).Code);
        Assert.Equal(("sent", false, true), await app.Database.ScalarAsync<(string, bool, bool)>("SELECT state, content IS NOT NULL, finished_at IS NOT NULL FROM outbox"));
    }

    [Theory, OnSqlite]
    public async Task An_operators_template_takes_the_place_of_ours_file_by_file(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var folder = Path.Combine(database.Directory, "templates");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "reset-link.en.txt"), "Subject: The Acme way back\n\nAcme says: {{link_url}} for {{link_minutes}} minutes.\n");
        await using var app = await TestApp.StartAsync(engine, database, null, ("Mail:TemplatesDirectory", folder));
        var alice = await app.NewActor().SignUpAsync();
        Assert.Equal("Confirm your e-mail address", (await app.LastMailToAsync(alice.Email)).Subject);
        var mail = await OtTokenTests.ForgotAsync(app, alice);
        Assert.Equal("The Acme way back", mail.Subject);
        Assert.Contains($"Acme says: {mail.Links.Single()} for 60 minutes.", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Acme says", mail.Html, StringComparison.Ordinal);
        (await alice.PostAsync("/password/reset", new { token = mail.Token, password = "copper window bridge seven" })).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [OnSqlite("reset-link.en.txt", "Subject: x\n\nno link at all")]
    [OnSqlite("reset-link.en.txt", "no subject {{link_url}}")]
    [OnSqlite("reset-link.en.html", "{{link_url}} {{password}}")]
    [OnSqlite("reset-link.en.html", "{{#link_url}}{{link_url}}")]
    [OnSqlite("reset-lnik.en.txt", "Subject: x\n\n{{link_url}}")]
    [OnSqlite("layout.en.html", "<p>no content</p>")]
    public async Task A_broken_template_is_a_start_fault_that_names_the_file(Engine engine, string file, string content)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var folder = Path.Combine(database.Directory, "templates");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, file), content);
        var fault = await Assert.ThrowsAsync<SettingsException>(() => TestApp.StartAsync(engine, database, null, ("Mail:TemplatesDirectory", folder)));
        Assert.Contains("Cardea:Mail:TemplatesDirectory", fault.Message, StringComparison.Ordinal);
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
    }

    [Theory, OnSqlite]
    public async Task A_templates_folder_that_is_not_there_is_a_start_fault(Engine engine)
    {
        var fault = await Assert.ThrowsAsync<SettingsException>(() => TestApp.StartAsync(engine, ("Mail:TemplatesDirectory", "/nowhere/at/all")));
        Assert.Contains("/nowhere/at/all", fault.Message, StringComparison.Ordinal);
    }
}
