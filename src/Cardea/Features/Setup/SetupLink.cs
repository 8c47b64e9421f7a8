using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Setup;

/// <summary>
/// While there is no administrator each start writes a link into the log by which the first one is made. Whoever reads the log owns the server; nobody
/// else has the link, and there is no password to guess or forget to change. While it is good every start of every node writes the same link, so that it
/// does not matter whose log is read: its secret is a MAC under the master key of when it was made, and the database has only the hash.
/// </summary>
public sealed partial class SetupLink(
    Database database, SetupLinkStore store, RoleStore roles, MasterKey masterKey, PublicUrl publicUrl, TimeProvider clock, ILogger<SetupLink> log)
{
    public const string Path = "/setup";

    /// <summary>Held by whoever issues, uses or finds it needless: of two at once each would find no administrator yet.</summary>
    internal const string Lock = "administrators";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Called once the server listens. A link that is still good is good for an hour from now; one that has run out gets another secret.</summary>
    public async Task IssueAsync()
    {
        if (await database.ReadAsync(scope => roles.AnyHasAsync(scope, RoleName.Admin)))
        {
            return;
        }

        var token = await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync(Lock);
            if (await roles.AnyHasAsync(transaction, RoleName.Admin))
            {
                return null; // another node was first
            }

            var now = clock.Milliseconds();
            var madeAt = await store.FindLiveAsync(transaction, now) ?? now;
            var token = TokenOf(madeAt);
            await store.SetAsync(transaction, token.Hash.ToArray(), madeAt, now + (long)Lifetime.TotalMilliseconds);
            return token;
        });
        if (token is not null)
        {
            LogIssued(publicUrl.Link(Path, "token", token.Reveal()));
        }
    }

    public Task<bool> IsGoodAsync(SecretToken token) => database.ReadAsync(scope => IsGoodAsync(scope, token));

    /// <summary>Also one that has not run out is over when there is an administrator, however that one was made.</summary>
    internal async Task<bool> IsGoodAsync(Scope scope, SecretToken token) =>
        await store.IsGoodAsync(scope, token.Hash.ToArray(), clock.Milliseconds()) && !await roles.AnyHasAsync(scope, RoleName.Admin);

    internal Task<bool> TryConsumeAsync(Transaction transaction, SecretToken token) => store.TryConsumeAsync(transaction, token.Hash.ToArray(), clock.Milliseconds());

    private SecretToken TokenOf(long madeAt)
    {
        Span<byte> made = stackalloc byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(made, madeAt);
        return SecretToken.TryParse(Base64UrlText.Encode(HMACSHA256.HashData(masterKey.Derive("setup link"), made)), out var token)
            ? token
            : throw new InvalidOperationException("32 bytes are a token.");
    }

    [LoggerMessage(1, LogLevel.Information, "There is no administrator yet. Whoever opens this link within an hour makes the first one: {Link}")]
    private partial void LogIssued(string link);
}
