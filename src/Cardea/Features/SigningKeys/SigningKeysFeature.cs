using Cardea.Foundation.Jobs;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Features.SigningKeys;

internal static class SigningKeysFeature
{
    public static void AddSigningKeys(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(SigningKeysOptions.Read(settings));
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<SigningKeyRing>();
        services.AddSingleton<SigningKeysEndpoints>();
        services.AddSingleton<IHostedService, KeyRotationJob>();
        services.AddSingleton(provider => new Purge("signing keys", provider.GetRequiredService<SigningKeyStore>().PurgeAsync));
    }

    public static void MapSigningKeys(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<SigningKeyRing>().Listen();
        var doors = routes.ServiceProvider.GetRequiredService<SigningKeysEndpoints>();
        routes.Door("GET", "/.well-known/jwks.json", doors.KeySetAsync, Access.Anyone, Limit.None("public and answered from memory"))
            .Says("Keys", "The public keys of access tokens", "A JWK Set (RFC 7517). Keep it as long as Cache-Control says, and ask again when a token names a key that you don't know.")
            .Gives(StatusCodes.Status200OK, typeof(KeySetBody), "application/jwk-set+json");
    }
}
