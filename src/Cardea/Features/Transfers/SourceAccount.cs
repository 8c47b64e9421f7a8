namespace Cardea.Features.Transfers;

/// <summary>An account as another system has it: nothing of it is believed yet.</summary>
internal sealed class SourceAccount
{
    /// <summary>At the source.</summary>
    public string? Id { get; init; }

    public string? Email { get; init; }

    public bool EmailVerified { get; init; }

    public string? Username { get; init; }

    public string? GivenName { get; init; }

    public string? FamilyName { get; init; }

    public IReadOnlyList<string> Roles { get; init; } = [];

    public DateTimeOffset? CreatedAt { get; init; }

    public DateTimeOffset? LastLoginAt { get; init; }

    public bool Disabled { get; init; }

    public string? PasswordHash { get; init; }

    public DateTimeOffset? PasswordChangedAt { get; init; }

    public bool PasswordChangeRequired { get; init; }

    /// <summary>Of an authenticator app, base32.</summary>
    public string? TotpSecret { get; init; }

    /// <summary>The owner has set up a second factor there, whether or not it is among what comes along.</summary>
    public bool SecondFactor { get; init; }

    public override string ToString() => "[account of another system]";
}

/// <summary>One row of what is imported.</summary>
/// <param name="Number">The line, or the how manieth account where there are no lines.</param>
/// <param name="Account">Null when the row can't be read.</param>
/// <param name="Fault">Why it can't be.</param>
internal sealed record SourceRow(long Number, SourceAccount? Account, Skipped? Fault = null);

/// <summary>Reads accounts one by one, so that a file of any size needs little memory.</summary>
internal interface IAccountSource
{
    /// <summary>The system that ids belong to.</summary>
    string System { get; }

    /// <summary>Whether its ids are those of a server like this one, and stay what they are.</summary>
    bool KeepsIds { get; }

    /// <summary>Looks whether it is what it should be, before anything is imported.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    Task CheckAsync(CancellationToken cancellation);

    IAsyncEnumerable<SourceRow> ReadAsync(CancellationToken cancellation);
}
