using Cardea.Foundation.Jobs;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.SigningKeys;

public sealed class KeyRotationJob(SigningKeyRing ring, ILogger<KeyRotationJob> log) : Job("key rotation", TimeSpan.FromHours(1), log)
{
    /// <summary>Another master key than the database's is found here and ends the start; found later, it would be an outage of every sign-in.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ring.CurrentAsync();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        await ring.CurrentAsync();
        if (await ring.IsDueAsync())
        {
            await ring.RotateAsync(ClientInfo.Server("key rotation"));
        }
    }
}
