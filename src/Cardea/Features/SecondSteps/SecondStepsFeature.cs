using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Features.Standing;
using Cardea.Features.Tokens;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
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
        services.AddSingleton<SecondStepsEndpoints>();
        services.AddSingleton(provider => new StandingCheck(StandingOrder.SecondFactor, provider.GetRequiredService<SecondFactorDemand>().RefuseAsync));
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
        services.AddSingleton(provider => new AddressChanged((transaction, id) => provider.GetRequiredService<PendingSignIns>().VoidAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorPart("trusted_devices", async (scope, id) =>
            (await provider.GetRequiredService<DeviceStore>().ListOfAccountAsync(scope, id)).Where(device => device.TrustedUntil > provider.GetRequiredService<TimeProvider>().Milliseconds())
                .Select(device => new TrustedDeviceBody(device.Id, device.CreatedAt.ToInstant(), device.LastSeenAt.ToInstant(), device.TrustedUntil!.Value.ToInstant()))));
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
            .Gives(StatusCodes.Status200OK, typeof(TokenBody))
            .Refuses(SecondStepsProblems.InvalidCode, AccountProblems.AccountDisabled, AccountProblems.EmailNotVerified, SignInProblems.SessionActive, CommonProblems.TooManyRequests);
        routes.Door("POST", "/auth/reauthenticate", doors.ReauthenticateAsync, Access.Bearer, Steps)
            .Says("Sign-in", "Confirm that it is you", "By `password`, by a factor's `code`, or by a passkey's `credential`. The session counts as recent for ten minutes.")
            .Takes(new ReauthenticationRequest("correct horse battery staple"))
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(SecondStepsProblems.InvalidCode, CommonProblems.TooManyRequests, CommonProblems.Overloaded);
        routes.Door("GET", "/users/me/factors", doors.FactorsAsync, Access.Bearer, Limit.None("the owner's own factors"))
            .Says("Factors", "What is set up?")
            .Gives(StatusCodes.Status200OK, typeof(FactorsBody));
        routes.Door("DELETE", "/users/me/trusted-devices/{id}", doors.DistrustAsync, Access.Bearer, Limit.None("the owner's own devices"))
            .Says("Factors", "Trust a device no more", "It is asked for the second step at its next sign-in.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(CommonProblems.NotFound);
    }
}
