using Cardea.Foundation.Jobs;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Challenges;

internal static class ChallengesFeature
{
    private static readonly Limit Asked = Limit.Requests("challenge", 6000, TimeSpan.FromMinutes(15));

    public static void AddChallenges(this IServiceCollection services, SettingsReader settings)
    {
        var options = ChallengesOptions.Read(settings);
        services.AddSingleton(options);
        services.AddSingleton(new ChallengesInForce(options.Mode is not ChallengeMode.Off));
        services.AddSingleton<WorkChallenges>();
        services.AddSingleton<Pressure>();
        services.AddSingleton<ChallengeStore>();
        services.AddSingleton<ChallengeDemand>();
        services.AddSingleton<ChallengesEndpoints>();
        services.AddSingleton<RefuseUnsolved>(provider => provider.GetRequiredService<ChallengesEndpoints>().RefuseAsync);
        services.AddSingleton<NoteChallenged>(provider => provider.GetRequiredService<ChallengesEndpoints>().Note);
        services.AddSingleton(provider => new Purge("used challenges", (transaction, now, most) =>
            provider.GetRequiredService<ChallengeStore>().PurgeAsync(transaction, now - (long)Purge.MarksKeptFor.TotalMilliseconds, most)));
    }

    public static void MapChallenges(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<ChallengesEndpoints>();
        routes.Door("GET", "/auth/challenge", doors.AskAsync, Access.Anyone, Asked)
            .Says("Sign-in", "Is a proof of work due?", $"`challenge` is null where none is. Otherwise find a decimal nonce such that SHA-256 of `value.nonce` begins with `bits` zero bits, and send `value.nonce` as `{ChallengedDoors.Header}` with the request.")
            .Asks("for", "What it is for.", ChallengesEndpoints.Purposes)
            .Gives(StatusCodes.Status200OK, typeof(ChallengeBody))
            .Refuses(Foundation.Problems.CommonProblems.ValidationFailed);
    }
}
