using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.OneTimeSecrets;

internal static class OneTimeSecretsFeature
{
    public static void AddOneTimeSecrets(this IServiceCollection services)
    {
        services.AddSingleton<OneTimeSecretStore>();
        services.AddSingleton<OneTimeSecrets>();
        services.AddSingleton<CodeAttempts>();
        services.AddSingleton(provider => new Purge("one-time secrets", provider.GetRequiredService<OneTimeSecretStore>().PurgeAsync));
        services.AddSingleton(provider => new AccountData("pending_confirmations", ["one_time_secrets"], async (scope, id) =>
            (await provider.GetRequiredService<OneTimeSecretStore>().ListOfAccountAsync(scope, id)).Select(secret => new
            {
                secret.Purpose,
                secret.Target,
                CreatedAt = secret.CreatedAt.ToInstant(),
                ExpiresAt = Math.Max(secret.TokenExpiresAt, secret.CodeExpiresAt).ToInstant(),
            })));
    }
}
