using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Features.Mail;

internal static class MailFeature
{
    private static readonly TimeSpan SentKeptFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan MailboxKeptFor = TimeSpan.FromDays(14);

    public static MailOptions AddMail(this IServiceCollection services, SettingsReader settings, bool isProduction)
    {
        var options = MailOptions.Read(settings, isProduction);
        // The shipped ones are known to be right, and are read when the first mail is due; an operator's are looked at now.
        var templates = new Lazy<MailTemplates>(() => new MailTemplates(options.TemplatesDirectory));
        foreach (var fault in string.IsNullOrEmpty(options.TemplatesDirectory) ? [] : templates.Value.Check())
        {
            settings.Fault("Mail:TemplatesDirectory", options.TemplatesDirectory, fault);
        }

        services.AddSingleton(options);
        services.AddSingleton(templates);
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<MailPreview>();
        services.AddSingleton<MailRequestStore>();
        services.AddSingleton<MailRequests>();
        services.AddSingleton<MailAllowance>();
        services.AddSingleton<MailboxStore>();
        services.AddSingleton<MailEndpoints>();
        services.AddSingleton<MailPages>();
        services.AddSingleton<IMailTransport>(provider => options.Transport switch
        {
            MailTransport.Smtp => new SmtpTransport(new SmtpSubmission(options.Smtp!), options),
            MailTransport.Mailbox => new MailboxTransport(provider.GetRequiredService<Database>(), provider.GetRequiredService<MailboxStore>()),
            _ => new NoTransport(),
        });
        services.AddSingleton<OutboxJob>();
        services.AddSingleton<MailRequestsJob>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<OutboxJob>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MailRequestsJob>());
        services.AddSingleton(provider => new Purge("sent mail", (transaction, now, most) =>
            provider.GetRequiredService<OutboxStore>().PurgeAsync(transaction, now - (long)SentKeptFor.TotalMilliseconds, most)));
        services.AddSingleton(provider => new Purge("content of parked mail", provider.GetRequiredService<OutboxStore>().EmptyAsync));
        services.AddSingleton(provider => new Purge("mailbox", (transaction, now, most) =>
            provider.GetRequiredService<MailboxStore>().PurgeAsync(transaction, now - (long)MailboxKeptFor.TotalMilliseconds, most)));
        services.AddSingleton(provider => new AccountData("mails", ["outbox"], async (scope, id) =>
            (await provider.GetRequiredService<OutboxStore>().ListOfAccountAsync(scope, id)).Select(mail => new
            {
                mail.Id,
                mail.Template,
                To = mail.Recipient,
                mail.State,
                CreatedAt = mail.CreatedAt.ToInstant(),
                FinishedAt = mail.FinishedAt.ToInstant(),
            }),
            async (transaction, id) =>
            {
                await provider.GetRequiredService<MailboxStore>().EraseAsync(transaction, id); // by the outbox's rows, so before them
                await provider.GetRequiredService<OutboxStore>().EraseAsync(transaction, id);
            }));
        return options;
    }

    public static void MapMail(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetRequiredService<MailOptions>().Transport is not MailTransport.Mailbox)
        {
            return;
        }

        var doors = routes.ServiceProvider.GetRequiredService<MailEndpoints>();
        routes.Door("GET", "/dev/mail/messages", doors.MessagesAsync, Access.Loopback, Limit.None("answers this machine alone, in development"))
            .Says("Development", "The development mailbox", "Mail that was sent, newest first.")
            .Asks("to", "Only what went to this address.")
            .Gives(StatusCodes.Status200OK, typeof(IReadOnlyList<MailboxBody>));
        var pages = routes.ServiceProvider.GetRequiredService<MailPages>();
        routes.Page("/dev/mail", pages.ListAsync, PageAccess.Loopback);
        routes.Page("/dev/mail/{id}", pages.ShowAsync, PageAccess.Loopback);
        routes.Page("/dev/mail/{id}/html", pages.HtmlAsync, PageAccess.Loopback);
    }
}
