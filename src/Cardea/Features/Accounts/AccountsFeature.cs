using Cardea.Features.Mail;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Accounts;

internal static class AccountsFeature
{
    private static readonly Limit Proofs = Limit.Failures("verify-confirm", 300, TimeSpan.FromMinutes(15));
    private static readonly Limit Changes = Limit.Requests("profile", 300, TimeSpan.FromMinutes(15));
    private static readonly Limit Exports = Limit.Requests("export", 60, TimeSpan.FromMinutes(15));
    private static readonly Limit Sends = Limit.Requests("verify-send", 600, TimeSpan.FromMinutes(15));

    public static void AddAccounts(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(AccountsOptions.Read(settings));
        services.AddSingleton<AccountStore>();
        services.AddSingleton<AccountDirectory>();
        services.AddSingleton<AccountMails>();
        services.AddSingleton<EmailMoveStore>();
        services.AddSingleton<EmailChange>();
        services.AddSingleton<EmailVerification>();
        services.AddSingleton<Profile>();
        services.AddSingleton<AccountExport>();
        services.AddSingleton<AccountDeletion>();
        services.AddSingleton<AddressProof>();
        services.AddSingleton<AccountInput>();
        services.AddSingleton<AccountsPages>();
        services.AddSingleton<FindFrameName>(provider => async caller =>
            await provider.GetRequiredService<AccountDirectory>().FindAsync(caller.AccountId) is { } snapshot
                ? (caller.IsViewing ? null : snapshot.Account.GivenName) ?? snapshot.Account.Email // whose it is must be beyond doubt where somebody else looks at it
                : null);
        services.AddSingleton(provider => new MailRequestKind("verify", (transaction, asked) => provider.GetRequiredService<EmailVerification>().ResolveAsync(transaction, asked)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AccountsEndpoints>(
            provider, provider.GetServices<MailRequestKind>().Single(kind => kind.Name == "verify")));
        services.AddSingleton(provider => new AccountData("account", ["accounts"], async (scope, id) =>
            await provider.GetRequiredService<AccountStore>().FindAsync(scope, id) is not { } account ? new object() : new
            {
                account.Id,
                account.Email,
                account.Username,
                account.GivenName,
                account.FamilyName,
                HasPassword = account.PasswordHash is not null,
                PasswordChangedAt = account.PasswordChangedAt.ToInstant(),
                EmailVerifiedAt = account.EmailVerifiedAt.ToInstant(),
                DisabledAt = account.DisabledAt.ToInstant(),
                CreatedAt = account.CreatedAt.ToInstant(),
                LastLoginAt = account.LastLoginAt.ToInstant(),
            }));
        services.AddSingleton(provider => new Purge("changes of address", provider.GetRequiredService<EmailMoveStore>().PurgeAsync));
        services.AddSingleton(provider => new AccountData("email_changes", ["email_changes"], async (scope, id) =>
            (await provider.GetRequiredService<EmailMoveStore>().ListOfAccountAsync(scope, id)).Select(move => new
            {
                move.OldEmail,
                move.NewEmail,
                CreatedAt = move.CreatedAt.ToInstant(),
                CanBeUndoneUntil = move.ExpiresAt.ToInstant(),
            })));
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<OneTimeSecrets.OneTimeSecrets>().VoidAllAsync(transaction, id)));
    }

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<AccountsEndpoints>();
        var own = Limit.None("the owner's own data, from memory or one row");
        routes.Door("GET", "/users/me", doors.MeAsync, Access.Bearer, own)
            .Says("Account", "Who am I?", "The profile of the bearer.")
            .Gives(StatusCodes.Status200OK, typeof(UserBody));
        routes.Door("PATCH", "/users/me", doors.ChangeAsync, Access.Bearer, Changes)
            .Says("Account", "Change the profile", "What is left out stays, null takes away. A new `email` becomes the account's once the link or code mailed to it has been confirmed.")
            .Takes(new ProfileRequest { GivenName = new(true, "Alice"), FamilyName = new(true, "Example") }, optional: true)
            .Gives(StatusCodes.Status200OK, typeof(UserBody))
            .Refuses(AccountProblems.UsernameTaken)
            .WithMetadata(new Refusals(StatusCodes.Status403Forbidden, ["reauthentication_required"])); // asked through a delegate of the room above that declares it
        routes.Door("GET", "/users/me/export", doors.ExportAsync, Access.Bearer, Exports)
            .Says("Account", "Everything stored about the account", "JSON, a member for each part of the server that keeps something.")
            .Gives(StatusCodes.Status200OK, typeof(IReadOnlyDictionary<string, object>))
            .ClosedToViewers();
        routes.Door("POST", "/verify/send", doors.SendVerificationAsync, Access.Anyone, Sends).Challenged("mail")
            .Says("Verification", "Mail the verification again", "The same answer for every address. With a bearer token and no body it is the bearer's own.")
            .Takes(new VerifySendRequest("alice@example.org"), optional: true)
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody))
            .Refuses(CommonProblems.Unauthorized);
        routes.Door("POST", "/verify/confirm", doors.ConfirmAsync, Access.Anyone, Proofs)
            .Says("Verification", "Confirm an address", "By the token of the mailed link, or by the address and the mailed code. Also confirms a change of address.")
            .Takes(new VerifyConfirmRequest(Email: "alice@example.org", Code: "123456"))
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(AccountProblems.InvalidToken, CommonProblems.TooManyRequests);

        var pages = routes.ServiceProvider.GetRequiredService<AccountsPages>();
        routes.Page(AccountMails.VerifyPath, pages.VerifyAsync, PageAccess.Anyone);
        routes.Form(AccountMails.VerifyPath, pages.ConfirmAsync, PageAccess.Anyone, Proofs);
        routes.Form(AccountMails.VerifyPath + "/send", pages.SendAgainAsync, PageAccess.Anyone, Sends).Challenged("mail");
        routes.Page("/account/profile", pages.ProfileAsync, PageAccess.SignedIn);
        routes.Form("/account/profile", pages.ChangeNamesAsync, PageAccess.SignedIn, Changes);
        routes.Form("/account/email", pages.ChangeEmailAsync, PageAccess.RecentlySignedIn, Changes, from: "/account/profile");
        routes.Form("/account/export", pages.ExportAsync, PageAccess.SignedIn, Exports);
    }
}
