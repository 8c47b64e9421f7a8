using Cardea.Crypto.Secrets;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Setup;

/// <summary>
/// While there is no administrator each start writes a link into the log by which the first one is made. Whoever reads the log owns the server; nobody
/// else has the link, and there is no password to guess or forget to change.
/// </summary>
public sealed partial class SetupLink(Database database, SetupLinkStore store, RoleStore roles, PublicUrl publicUrl, TimeProvider clock, ILogger<SetupLink> log)
{
    public const string Path = "/setup";

    /// <summary>Held by whoever issues, uses or finds it needless: of two at once each would find no administrator yet.</summary>
    internal const string Lock = "administrators";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Called once the server listens. A link of an earlier start, or of another node's, is void from then on.</summary>
    public async Task IssueAsync()
    {
        if (await database.ReadAsync(scope => roles.AnyHasAsync(scope, RoleName.Admin)))
        {
            return;
        }

        var token = SecretToken.New();
        var isIssued = await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync(Lock);
            if (await roles.AnyHasAsync(transaction, RoleName.Admin))
            {
                return false; // another node was first
            }

            var now = clock.Milliseconds();
            await store.SetAsync(transaction, token.Hash.ToArray(), now, now + (long)Lifetime.TotalMilliseconds);
            return true;
        });
        if (isIssued)
        {
            LogIssued(publicUrl.Link(Path, "token", token.Reveal()));
        }
    }

    public Task<bool> IsGoodAsync(SecretToken token) => database.ReadAsync(scope => IsGoodAsync(scope, token));

    /// <summary>Also one that has not run out is over when there is an administrator, however that one was made.</summary>
    internal async Task<bool> IsGoodAsync(Scope scope, SecretToken token) =>
        await store.IsGoodAsync(scope, token.Hash.ToArray(), clock.Milliseconds()) && !await roles.AnyHasAsync(scope, RoleName.Admin);

    internal Task<bool> TryConsumeAsync(Transaction transaction, SecretToken token) => store.TryConsumeAsync(transaction, token.Hash.ToArray(), clock.Milliseconds());

    [LoggerMessage(1, LogLevel.Information, "There is no administrator yet. Whoever opens this link within an hour makes the first one: {Link}")]
    private partial void LogIssued(string link);
}
