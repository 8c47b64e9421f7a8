using Cardea.Features.Standing;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Tokens;

internal static class TokensFeature
{
    public static void AddTokens(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(TokensOptions.Read(settings));
        services.AddSingleton<RefreshTokenFormat>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton<RefreshRotation>();
        services.AddSingleton<TokensEndpoints>();
        services.AddSingleton<BearerTokens>();
        services.AddSingleton<FindCaller>(provider => provider.GetRequiredService<BearerTokens>().FindCallerAsync);
    }

    public static void MapTokens(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<TokensEndpoints>();
        routes.Door("POST", "/auth/refresh", doors.RefreshAsync, Access.Anyone, Limit.Failures("refresh", 600, TimeSpan.FromMinutes(5)))
            .Says("Sign-in", "Rotate the refresh token", "Each refresh token works once and gives its successor. Its immediate predecessor, again within 10 seconds, gives the same successor; any other reuse ends the session.")
            .Takes(new RefreshRequest("AYz…"))
            .Gives(StatusCodes.Status200OK, typeof(TokenBody))
            .AsksStanding()
            .Refuses(TokenProblems.InvalidToken);
    }
}
