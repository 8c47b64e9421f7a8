using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.EmailCodes;

internal static class EmailCodesFeature
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly Limit Sends = Limit.Requests("code-send", 600, Window);
    private static readonly Limit StepSends = Limit.Requests("mfa-send", 600, Window);
    private static readonly Limit SignIns = Limit.Failures("code-login", 600, Window);

    public static void AddEmailCodes(this IServiceCollection services, SettingsReader settings, MailOptions mail)
    {
        services.AddSingleton(EmailCodesOptions.Read(settings, mail));
        services.AddSingleton<EmailCodeAttempts>();
        services.AddSingleton<EmailCodeSignIn>();
        services.AddSingleton<MailedCodeFactor>();
        services.AddSingleton<ISecondFactor>(provider => provider.GetRequiredService<MailedCodeFactor>());
        services.AddSingleton(provider => new FactorWay("email_code", 60, "mail", new Phrase("Use a code by mail"), new Phrase("Type the six digits that we have just mailed you. They work for ten minutes."))
        {
            Code = new(new Phrase("Code from the mail"), 12, IsNumeric: true),
            SendAgainAsync = async (_, pending, client) =>
            {
                await provider.GetRequiredService<MailedCodeFactor>().SendAgainAsync(pending, client);
                return null;
            },
        });
        services.AddSingleton<EmailCodesEndpoints>();
        services.AddSingleton<EmailCodesPages>();
        services.AddSingleton(provider => new MailRequestKind(EmailCodesEndpoints.Kind, (transaction, asked) => provider.GetRequiredService<EmailCodeSignIn>().ResolveAsync(transaction, asked)));
        services.AddSingleton(provider => new PasswordRenewed(async (transaction, id) =>
        {
            await provider.GetRequiredService<EmailCodeAttempts>().ForgetAsync(transaction, id);
            await provider.GetRequiredService<FactorAttempts>().ForgetAsync(transaction, id, provider.GetRequiredService<MailedCodeFactor>());
        }));
        if (mail.Transport is not MailTransport.None)
        {
            services.AddSingleton(new SignInWay(30, "mail", new Phrase("Mail me a code"), EmailCodesPages.Path));
        }
    }

    public static void MapEmailCodes(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<EmailCodesEndpoints>();
        routes.Door("POST", "/auth/code/send", doors.SendAsync, Access.Anyone, Sends).Challenged("mail")
            .Says("Sign-in", "Mail a code to sign in with", "The same answer for every address. Six digits, ten minutes, five tries; a newer code voids the older.")
            .Takes(new CodeSendRequest("alice@example.org"))
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody));
        routes.Door("POST", "/auth/code/login", doors.SignInAsync, Access.Anyone, SignIns).Challenged("sign-in")
            .Says("Sign-in", "Sign in by a mailed code", "No password is needed. Where a second factor is set up it is asked for next. The code proves the address.")
            .Takes(new CodeLoginRequest("alice@example.org", "123456"))
            .Admits()
            .Refuses(SecondStepsProblems.InvalidCode, CommonProblems.TooManyRequests);
        routes.Door("POST", "/auth/login/mfa/send", doors.SendStepAsync, Access.Anyone, StepSends)
            .Says("Sign-in", "Mail the second step's code again", "Where `email_code` is among the methods. The same answer for every token.")
            .Takes(new StepSendRequest("r8K…"))
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody));
        var pages = routes.ServiceProvider.GetRequiredService<EmailCodesPages>();
        routes.Page(EmailCodesPages.Path, pages.ShowAsync, PageAccess.Anyone);
        routes.Form(EmailCodesPages.Path, pages.SignInAsync, PageAccess.Anyone, SignIns).Challenged("sign-in");
        routes.Form(EmailCodesPages.Path + "/send", pages.AskAsync, PageAccess.Anyone, Sends).Challenged("mail");
    }
}
