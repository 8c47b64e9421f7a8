using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Passkeys;

internal static class PasskeysFeature
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly Limit Asked = Limit.Requests("passkey-options", 3000, Window);
    private static readonly Limit SignIns = Limit.Failures("passkey-sign-in", 600, Window);
    private static readonly Limit Changes = Limit.Requests("passkeys", 300, Window);

    public static void AddPasskeys(this IServiceCollection services)
    {
        services.AddSingleton<PasskeyStore>();
        services.AddSingleton<PasskeyChallenges>();
        services.AddSingleton<PasskeyVerifier>();
        services.AddSingleton<PasskeyFactor>();
        services.AddSingleton<ISecondFactor>(provider => provider.GetRequiredService<PasskeyFactor>());
        services.AddSingleton<PasskeySignIn>();
        services.AddSingleton<PasskeyEnrolment>();
        services.AddSingleton<PasskeyChanges>();
        services.AddSingleton<PasskeysEndpoints>();
        services.AddSingleton<PasskeysPages>();
        services.AddSingleton(new SignInPart(10, typeof(PasskeySignInPart), "webauthn"));
        services.AddSingleton(provider => new FactorWay(PasskeyFactor.Name, 10, "key", new Phrase("Use a passkey"), new Phrase("Use your passkey: with your finger, your face, a PIN, or the key on your ring."))
        {
            View = typeof(PasskeyPrompt),
            PrepareAsync = async (account, pending, _) => new Dictionary<string, object?> { ["Options"] = await provider.GetRequiredService<PasskeyFactor>().OptionsAsync(account.Id, pending) },
        });
        services.AddSingleton(new EnrolmentWay(10, "key", new Phrase("Passkey"), new Phrase("Your finger, your face or the PIN of your device, instead of a code."), PasskeysPages.Path));
        services.AddSingleton(provider => new SecurityEntry(10, "key", new Phrase("Passkeys"), PasskeysPages.Path, async (scope, id) =>
            (await provider.GetRequiredService<PasskeyStore>().ListAsync(scope, id)).Count is > 0 and var count ? new Phrase("{0} set up", count) : new Phrase("None")));
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<PasskeyStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorRemoval("passkeys", (transaction, id) => provider.GetRequiredService<PasskeyStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorUse("passkey", provider.GetRequiredService<PasskeyStore>().CountOwnersAsync));
        services.AddSingleton(provider => new FactorPart("passkeys", async (scope, id) => (await provider.GetRequiredService<PasskeyStore>().ListAsync(scope, id)).Select(PasskeyBody.Of)));
        services.AddSingleton(provider => new Purge("used passkey challenges", (transaction, now, most) =>
            provider.GetRequiredService<PasskeyStore>().PurgeChallengesAsync(transaction, now - (long)Purge.MarksKeptFor.TotalMilliseconds, most)));
        services.AddSingleton(provider => new AccountData("passkeys", ["passkeys", "passkey_users"], async (scope, id) =>
        {
            var store = provider.GetRequiredService<PasskeyStore>();
            return new
            {
                UserHandle = await store.FindHandleAsync(scope, id),
                Items = (await store.ListAsync(scope, id)).Select(passkey => new
                {
                    passkey.Id,
                    passkey.Name,
                    CredentialId = Convert.ToHexStringLower(passkey.CredentialId),
                    PublicKey = Convert.ToHexStringLower(passkey.PublicKey),
                    passkey.SignCount,
                    passkey.Transports,
                    passkey.IsUserVerified,
                    passkey.IsBackupEligible,
                    passkey.IsBackedUp,
                    CreatedAt = passkey.CreatedAt.ToInstant(),
                    LastUsedAt = passkey.LastUsedAt.ToInstant(),
                }),
            };
        }));
    }

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<PasskeysEndpoints>();
        var credential = JsonElement.Parse("""{"id":"AQID","rawId":"AQID","type":"public-key","response":{"clientDataJSON":"e30"},"clientExtensionResults":{}}""");
        routes.Door("POST", "/auth/passkey/options", doors.SignInOptionsAsync, Access.Anyone, Asked)
            .Says("Sign-in", "What to ask a passkey for", "Request options in the JSON form of WebAuthn L3. Without an `mfa_token` they are the same for everybody and name no passkey; with one they name the account's own.")
            .Takes(new PasskeyOptionsRequest("r8K…"), optional: true)
            .Gives(StatusCodes.Status200OK, typeof(JsonElement))
            .Refuses(SecondStepsProblems.InvalidCode);
        routes.Door("POST", "/auth/passkey/login", doors.SignInAsync, Access.Anyone, SignIns)
            .Says("Sign-in", "Sign in with a passkey", "Without a name: the passkey says whose it is. It has verified its owner, so no second step is asked for.")
            .Takes(new PasskeyLoginRequest(credential))
            .Admits()
            .Refuses(PasskeysProblems.InvalidPasskey);
        routes.Door("POST", "/users/me/passkeys/options", doors.AddOptionsAsync, Access.Enrolling, Changes)
            .Says("Factors", "What to make a passkey of", "Creation options in the JSON form of WebAuthn L3, good for five minutes and one passkey.")
            .TakesNothing()
            .Gives(StatusCodes.Status200OK, typeof(JsonElement))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, PasskeysProblems.TooManyPasskeys);
        routes.Door("POST", "/users/me/passkeys", doors.AddAsync, Access.Enrolling, Changes)
            .Says("Factors", "Add a passkey", "With an account's first factor it also gives ten recovery codes, shown once; with an `enrollment_token` the tokens of the sign-in that had to set it up.")
            .Takes(new AddPasskeyRequest(credential, "My phone"))
            .Gives(StatusCodes.Status201Created, typeof(AddedPasskeyBody))
            .Refuses(PasskeysProblems.PasskeyRefused, SecondStepsProblems.ReauthenticationRequired, PasskeysProblems.TooManyPasskeys);
        routes.Door("GET", "/users/me/passkeys", doors.ListAsync, Access.Bearer, Limit.None("the owner's own passkeys"))
            .Says("Factors", "The account's passkeys")
            .Gives(StatusCodes.Status200OK, typeof(PasskeysBody));
        routes.Door("PATCH", "/users/me/passkeys/{id}", doors.RenameAsync, Access.RecentBearer, Changes)
            .Says("Factors", "Rename a passkey")
            .Takes(new RenamePasskeyRequest("My phone"))
            .Gives(StatusCodes.Status200OK, typeof(PasskeyBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, CommonProblems.NotFound);
        routes.Door("DELETE", "/users/me/passkeys/{id}", doors.RemoveAsync, Access.RecentBearer, Changes)
            .Says("Factors", "Remove a passkey", "Needs a recent sign-in. Ends the other sessions. The last way to sign in stays.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, CommonProblems.NotFound, PasskeysProblems.LastSignInMethod);
        routes.Door("GET", "/.well-known/passkey-endpoints", http => Task.FromResult(EndpointsOf(http)), Access.Anyone, Limit.None("two addresses, from memory")).ExcludeFromDescription();
        routes.Door("GET", "/.well-known/change-password", _ => Task.FromResult(Results.Redirect("/account/security")), Access.Anyone, Limit.None("an address, from memory")).ExcludeFromDescription();
        MapPages(routes);
    }

    private static void MapPages(IEndpointRouteBuilder routes)
    {
        var pages = routes.ServiceProvider.GetRequiredService<PasskeysPages>();
        routes.Page(PasskeysPages.SignInOptionsPath, pages.SignInOptionsAsync, PageAccess.Anyone);
        routes.Form(PasskeysPages.SignInPath, pages.SignInAsync, PageAccess.Anyone, SignIns);
        routes.Page(PasskeysPages.Path, pages.ShowAsync, PageAccess.Enrolling);
        routes.Page(PasskeysPages.Path + "/options", pages.AddOptionsAsync, PageAccess.Enrolling);
        routes.Form(PasskeysPages.Path, pages.AddAsync, PageAccess.Enrolling, Changes, from: PasskeysPages.Path);
        routes.Form(PasskeysPages.Path + "/rename", pages.RenameAsync, PageAccess.RecentlySignedIn, Changes, from: PasskeysPages.Path);
        routes.Form(PasskeysPages.Path + "/remove", pages.RemoveAsync, PageAccess.RecentlySignedIn, Changes, from: PasskeysPages.Path);
    }

    /// <summary>Where a password store sends who wants a passkey here, or to see theirs (W3C, A Well-Known URL for Relying Party Passkey Endpoints).</summary>
    private static IResult EndpointsOf(HttpContext http)
    {
        var page = http.RequestServices.GetRequiredService<PublicUrl>().Text + PasskeysPages.Path;
        return Answers.Json(new { enroll = page, manage = page });
    }
}
