using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Features.Standing;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Features.Passwords;

internal static class PasswordsFeature
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly Limit SignUps = Limit.Requests("sign-up", 3000, Window);
    private static readonly Limit SignIns = Limit.Failures("sign-in", 3000, Window);
    private static readonly Limit Forgets = Limit.Requests("forgot", 600, Window);
    private static readonly Limit Resets = Limit.Failures("reset", 300, Window);
    private static readonly Limit Changes = Limit.Failures("change-by-password", 300, Window);

    public static void AddPasswords(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(PasswordsOptions.Read(settings));
        services.AddSingleton<HashingGate>();
        services.AddSingleton<PasswordPolicy>();
        services.AddSingleton<PasswordAttempts>();
        services.AddSingleton<PasswordMails>();
        services.AddSingleton<NewPassword>();
        services.AddSingleton<PasswordRevocation>();
        services.AddSingleton<PasswordSignUp>();
        services.AddSingleton<PasswordSignIn>();
        services.AddSingleton<PasswordReset>();
        services.AddSingleton<PasswordChange>();
        services.AddSingleton<IHostedService, AdminBootstrap>();
        services.AddSingleton<PasswordInput>();
        services.AddSingleton<PasswordsEndpoints>();
        services.AddSingleton<PasswordsPages>();
        services.AddSingleton(provider => new MailRequestKind(PasswordsEndpoints.ResetKind, (transaction, asked) => provider.GetRequiredService<PasswordReset>().ResolveAsync(transaction, asked)));
        services.AddSingleton(provider => new PageNextStep(PasswordProblems.PasswordChangeRequired, (http, refusal, _) =>
        {
            provider.GetRequiredService<StepCookie>().Set(http, PasswordsPages.ChangeStep, (string)refusal.Extensions!["password_change_token"]!, PasswordReset.ChangePurpose.TokenLifetime);
            return PasswordMails.ResetPath;
        }));
        services.AddSingleton<CheckPassword>(provider => provider.GetRequiredService<PasswordChange>().ConfirmAsync);
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<AccountStore>().RemovePasswordAsync(transaction, id)));
        services.AddSingleton(provider => new StandingCheck(StandingOrder.PasswordChange, [PasswordProblems.PasswordChangeRequired], question => RefuseUntilChangedAsync(question, provider.GetRequiredService<OneTimeSecrets.OneTimeSecrets>())));
    }

    public static void MapPasswords(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<PasswordsEndpoints>();
        var example = new SignUpRequest("alice@example.org", "correct horse battery staple", "alice", "Alice", "Example");
        foreach (var path in new[] { "/auth/signup", "/users" })
        {
            routes.Door("POST", path, doors.SignUpAsync, Access.Anyone, SignUps).Challenged("sign-up")
                .Says("Account", "Create an account", "Mails the address a link and a code that prove it.")
                .Takes(example)
                .Gives(StatusCodes.Status201Created, typeof(SignUpBody))
                .Refuses(AccountProblems.EmailTaken, AccountProblems.UsernameTaken, PasswordProblems.SignUpDisabled, CommonProblems.Overloaded);
        }

        routes.Door("POST", "/auth/login", doors.SignInAsync, Access.Anyone, SignIns).Challenged("sign-in")
            .Says("Sign-in", "Sign in with a password", "By `email`, `username`, or `login` for either. `replace: true` ends the oldest session where the limit is reached.")
            .Takes(new LoginRequest(Email: "alice@example.org", Password: "correct horse battery staple"))
            .Admits()
            .Refuses(AccountProblems.InvalidCredentials, CommonProblems.Overloaded);
        routes.Door("POST", "/password/forgot", doors.ForgotAsync, Access.Anyone, Forgets).Challenged("mail")
            .Says("Password", "Ask for a new password", "The same answer for every name. Who has an account gets a mail.")
            .Takes(new ForgotRequest("alice@example.org"))
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody));
        routes.Door("POST", "/password/reset", doors.ResetAsync, Access.Anyone, Resets).Challenged("reset")
            .Says("Password", "Set a new password by what was mailed", "By the token of the link, by the address and the code, or by a `password_change_token`. Ends every session.")
            .Takes(new ResetRequest(Email: "alice@example.org", Code: "123456", Password: "a new correct horse battery"))
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(AccountProblems.InvalidToken, CommonProblems.TooManyRequests, CommonProblems.Overloaded);
        routes.Door("POST", "/password/change", doors.ChangeAsync, Access.Bearer, Changes)
            .Says("Password", "Change the password", "Ends the other sessions; this one lives on.")
            .Takes(new ChangePasswordRequest("correct horse battery staple", "a new correct horse battery"))
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(PasswordProblems.WrongCurrent, CommonProblems.Overloaded);
        routes.Door("DELETE", "/users/me", doors.DeleteAccountAsync, Access.Bearer, Changes)
            .Says("Account", "Delete the account", "Asks for the password. Everything that tells of its owner is erased.")
            .Takes(new DeleteAccountRequest("correct horse battery staple"), optional: true)
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(PasswordProblems.WrongCurrent, AccountProblems.LastAdmin, CommonProblems.Overloaded);
        MapPages(routes);
    }

    private static void MapPages(IEndpointRouteBuilder routes)
    {
        var pages = routes.ServiceProvider.GetRequiredService<PasswordsPages>();
        routes.Page(PageDoors.LoginPath, pages.LoginAsync, PageAccess.Anyone);
        routes.Form(PageDoors.LoginPath, pages.SignInAsync, PageAccess.Anyone, SignIns).Challenged("sign-in");
        routes.Page("/register", pages.RegisterAsync, PageAccess.Anyone);
        routes.Form("/register", pages.SignUpAsync, PageAccess.Anyone, SignUps).Challenged("sign-up");
        routes.Page("/forgot-password", pages.ForgotAsync, PageAccess.Anyone);
        routes.Form("/forgot-password", pages.AskAsync, PageAccess.Anyone, Forgets).Challenged("mail");
        routes.Page(PasswordMails.ResetPath, pages.ResetAsync, PageAccess.Anyone);
        routes.Form(PasswordMails.ResetPath, pages.SetAsync, PageAccess.Anyone, Resets).Challenged("reset");
        routes.Page("/account/security", pages.SecurityAsync, PageAccess.SignedIn);
        routes.Form("/account/security/password", pages.ChangeAsync, PageAccess.SignedIn, Changes);
        routes.Form("/account/security/delete", pages.DeleteAccountAsync, PageAccess.SignedIn, Changes);
    }

    /// <summary>Where a sign-in asks, the refusal carries what the next step needs; where a living session asks, it must sign in again.</summary>
    private static async ValueTask<Problem?> RefuseUntilChangedAsync(StandingQuestion question, OneTimeSecrets.OneTimeSecrets secrets)
    {
        if (!question.Account.Account.PasswordChangeRequired && !question.UsedTemporaryPassword)
        {
            return null;
        }

        return question.Transaction is null
            ? PasswordProblems.PasswordChangeRequired
            : PasswordProblems.PasswordChangeRequired.With(
                "password_change_token", (await secrets.IssueAsync(question.Transaction, PasswordReset.ChangePurpose, question.Account.Id)).Token!.Reveal());
    }
}
