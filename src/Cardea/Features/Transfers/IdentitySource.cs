using System.Globalization;
using System.Runtime.CompilerServices;
using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

/// <summary>The database of ASP.NET Core Identity, in a SQLite file or on a PostgreSQL server.</summary>
internal sealed class IdentitySource(Engine engine, string fileOrConnectionString, TimeProvider clock) : IAccountSource
{
    /// <summary>A lockout that ends sooner is a pause after too many guesses; a later one is how applications shut somebody out.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly IdentityStore _store = new();

    public string System => "aspnet-identity";

    public bool KeepsIds => false;

    public async Task CheckAsync(CancellationToken cancellation)
    {
        await using var database = await ForeignDatabase.OpenAsync(engine, fileOrConnectionString, cancellation);
        if (!await _store.IsThereAsync(database.Scope))
        {
            throw new InvalidDataException("The database to import from has not the tables of ASP.NET Core Identity: AspNetUsers, AspNetRoles, AspNetUserRoles, AspNetUserTokens.");
        }
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var database = await ForeignDatabase.OpenAsync(engine, fileOrConnectionString, cancellation);
        var number = 0L;
        await foreach (var user in _store.ReadAsync(database.Scope).WithCancellation(cancellation))
        {
            yield return new(++number, Convert(user));
        }
    }

    private SourceAccount Convert(IdentityUser user) => new()
    {
        Id = user.Id,
        Email = user.Email,
        EmailVerified = user.EmailConfirmed != 0,
        Username = user.UserName,
        Roles = user.Roles?.Split('\n') ?? [],
        Disabled = user.LockoutEnabled != 0 && IsShutOut(user.LockoutEnd),
        PasswordHash = user.PasswordHash,
        // A key is made as soon as somebody looks at the page; it counts only once it was switched on.
        TotpSecret = user.TwoFactorEnabled != 0 ? user.AuthenticatorKey : null,
        SecondFactor = user.TwoFactorEnabled != 0,
    };

    private bool IsShutOut(string? end) => end is not null
        && (end == "infinity" || (DateTimeOffset.TryParse(end, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until) && until > clock.GetUtcNow() + LongestPause));
}
