using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Features.Standing;
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

namespace Cardea.Features.SecondSteps;

internal static class SecondStepsFeature
{
    private static readonly Limit Steps = Limit.Failures("second-step", 600, TimeSpan.FromMinutes(15));

    public static void AddSecondSteps(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(SecondStepsOptions.Read(settings));
        services.AddSingleton<PendingSignInStore>();
        services.AddSingleton<PendingSignIns>();
        services.AddSingleton<FactorAttempts>();
        services.AddSingleton<SecondFactorDemand>();
        services.AddSingleton<SecondStep>();
        services.AddSingleton<RecentSignIn>();
        services.AddSingleton<Reauthentication>();
        services.AddSingleton<SecondFactorChange>();
        services.AddSingleton<TrustedDevices>();
        services.AddSingleton<SecondStepsEndpoints>();
        services.AddSingleton<SecondStepPages>();
        services.AddSingleton<ConfirmPages>();
        services.AddSingleton<TrustedDevicesPages>();
        services.AddSingleton(provider => new PageNextStep(SecondStepsProblems.MfaRequired, (http, refusal, returnTo) => provider.GetRequiredService<SecondStepPages>().Begin(http, refusal, returnTo)));
        services.AddSingleton(provider => new PageNextStep(SecondStepsProblems.EnrolmentRequired, (http, refusal, returnTo) => provider.GetRequiredService<SecondStepPages>().BeginSetUp(http, refusal, returnTo)));
        services.AddSingleton(provider => new SecurityEntry(50, "device", new Phrase("Trusted devices"), TrustedDevicesPages.Path, async (scope, id) =>
            (await provider.GetRequiredService<TrustedDevices>().ListAsync(scope, id)).Count switch
            {
                0 => new Phrase("None"),
                1 => new Phrase("One device"),
                var count => new Phrase("{0} devices", count),
            }));
        services.AddSingleton(provider => new StandingCheck(StandingOrder.SecondFactor, [SecondStepsProblems.MfaRequired, SecondStepsProblems.EnrolmentRequired], provider.GetRequiredService<SecondFactorDemand>().RefuseAsync));
        services.AddSingleton<RefuseUnlessRecent>(provider => provider.GetRequiredService<RecentSignIn>().RefuseAsync);
        services.AddSingleton<FindEnrollingCaller>(provider => async token =>
        {
            var (database, pendings) = (provider.GetRequiredService<Database>(), provider.GetRequiredService<PendingSignIns>());
            return await database.ReadAsync(scope => pendings.FindAsync(scope, token)) is { Step: PendingStep.Enrolment } pending
                && await provider.GetRequiredService<AccountDirectory>().FindAsync(pending.AccountId) is { Account: { IsDisabled: false, HasSecondFactor: false } }
                    ? new Caller(pending.AccountId, "", pending.Id)
                    : null;
        });
        services.AddSingleton(provider => new AccountReclaim(async (transaction, id) =>
        {
            await provider.GetRequiredService<SessionDirectory>().EndAllAsync(transaction, id);
            await provider.GetRequiredService<DeviceStore>().DistrustAllAsync(transaction, id);
            await provider.GetRequiredService<PendingSignIns>().VoidAllAsync(transaction, id);
            await provider.GetRequiredService<AccountStore>().SetHasSecondFactorAsync(transaction, id, has: false);
        }));
        services.AddSingleton(provider => new PasswordRenewed((transaction, id) =>
            provider.GetRequiredService<FactorAttempts>().ForgetSessionsAsync(transaction, id, provider.GetServices<ISecondFactor>())));
        services.AddSingleton(provider => new AddressChanged((transaction, id) => provider.GetRequiredService<PendingSignIns>().VoidAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorPart("trusted_devices", async (scope, id) =>
            (await provider.GetRequiredService<TrustedDevices>().ListAsync(scope, id)).Select(TrustedDeviceBody.Of)));
        services.AddSingleton(provider => new Purge("pending sign-ins", provider.GetRequiredService<PendingSignInStore>().PurgeAsync));
        services.AddSingleton(provider => new AccountData("pending_sign_ins", ["pending_sign_ins"], async (scope, id) =>
            (await provider.GetRequiredService<PendingSignInStore>().ListOfAccountAsync(scope, id)).Select(pending => new { pending.Step, ExpiresAt = pending.ExpiresAt.ToInstant() })));
    }

    public static void MapSecondSteps(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<SecondStepsEndpoints>();
        routes.Door("POST", "/auth/login/mfa", doors.FinishAsync, Access.Anyone, Steps)
            .Says("Sign-in", "Finish with a second step", "With the `mfa_token` and one of the `methods` of the `mfa_required` answer. `trust_device: true` asks this device for none for 30 days.")
            .Takes(new SecondStepRequest("r8K…", "totp", "123456"))
            .Admits()
            .Refuses(SecondStepsProblems.InvalidCode, CommonProblems.TooManyRequests);
        routes.Door("POST", "/auth/reauthenticate", doors.ReauthenticateAsync, Access.Bearer, Steps)
            .Says("Sign-in", "Confirm that it is you", "By `password`, by a factor's `code`, or by a passkey's `credential`. The session counts as recent for ten minutes.")
            .Takes(new ReauthenticationRequest("correct horse battery staple"))
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(SecondStepsProblems.InvalidCode, CommonProblems.TooManyRequests, CommonProblems.Overloaded)
            .WithMetadata(new Refusals(StatusCodes.Status403Forbidden, ["invalid_credentials"])); // of a password, which is asked through a delegate of the room above
        routes.Door("GET", "/users/me/factors", doors.FactorsAsync, Access.Bearer, Limit.None("the owner's own factors"))
            .Says("Factors", "What is set up?")
            .Gives(StatusCodes.Status200OK, typeof(FactorsBody));
        routes.Door("DELETE", "/users/me/trusted-devices/{id}", doors.DistrustAsync, Access.Bearer, Limit.None("the owner's own devices"))
            .Says("Factors", "Trust a device no more", "It is asked for the second step at its next sign-in.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(CommonProblems.NotFound);
        MapPages(routes);
    }

    private static void MapPages(IEndpointRouteBuilder routes)
    {
        var step = routes.ServiceProvider.GetRequiredService<SecondStepPages>();
        routes.Page(SecondStepPages.Path, step.ShowAsync, PageAccess.Anyone);
        routes.Form(SecondStepPages.Path, step.FinishAsync, PageAccess.Anyone, Steps);
        routes.Form(SecondStepPages.Path + "/send", step.SendAgainAsync, PageAccess.Anyone, Limit.Requests("second-step-send", 300, TimeSpan.FromMinutes(15)));
        routes.Page(SecondStepPages.SetUpPath, step.ShowSetUpAsync, PageAccess.Enrolling);
        routes.Form(SecondStepPages.SetUpPath + "/cancel", step.CancelAsync, PageAccess.Anyone, Limit.None("forgets what this browser began"));
        var confirm = routes.ServiceProvider.GetRequiredService<ConfirmPages>();
        routes.Page(PageDoors.ConfirmPath, confirm.ShowAsync, PageAccess.SignedIn).ClosedToViewers();
        routes.Form(PageDoors.ConfirmPath, confirm.ConfirmAsync, PageAccess.SignedIn, Steps, from: PageDoors.ConfirmPath);
        var devices = routes.ServiceProvider.GetRequiredService<TrustedDevicesPages>();
        var own = Limit.None("the owner's own devices");
        routes.Page(TrustedDevicesPages.Path, devices.ShowAsync, PageAccess.SignedIn);
        routes.Form(TrustedDevicesPages.Path + "/end", devices.EndAsync, PageAccess.SignedIn, own, from: TrustedDevicesPages.Path);
        routes.Form(TrustedDevicesPages.Path + "/end-all", devices.EndAllAsync, PageAccess.SignedIn, own, from: TrustedDevicesPages.Path);
    }
}
