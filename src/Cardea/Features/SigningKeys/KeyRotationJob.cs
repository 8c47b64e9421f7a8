using Cardea.Foundation.Jobs;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.SigningKeys;

public sealed class KeyRotationJob(SigningKeyRing ring, ILogger<KeyRotationJob> log) : Job("key rotation", TimeSpan.FromHours(1), log)
{
    protected override async Task TurnAsync(CancellationToken stopping)
    {
        await ring.CurrentAsync();
        if (await ring.IsDueAsync())
        {
            await ring.RotateAsync(ClientInfo.Server("key rotation"));
        }
    }
}
