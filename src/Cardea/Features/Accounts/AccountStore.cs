using Cardea.Foundation.Data;

namespace Cardea.Features.Accounts;

public enum AddedAccount
{
    Added,
    EmailTaken,
    UsernameTaken,
}

/// <summary>What only one account can have.</summary>
internal sealed record TakenNames(string Id, string Email, string? UsernameKey);

public sealed class AccountStore
{
    internal const string Columns =
        """
        id AS Id, email AS Email, username AS Username, given_name AS GivenName, family_name AS FamilyName, password_hash AS PasswordHash,
            password_changed_at AS PasswordChangedAt, password_change_required AS PasswordChangeRequired, email_verified_at AS EmailVerifiedAt,
            disabled_at AS DisabledAt, has_second_factor AS HasSecondFactor, created_at AS CreatedAt, last_login_at AS LastLoginAt
        """;

    internal const string Select = $"SELECT {Columns} FROM accounts";

    /// <summary>The unique constraints decide, whatever was looked up before.</summary>
    public async Task<AddedAccount> AddAsync(Transaction transaction, Account account)
    {
        var added = await transaction.ExecuteAsync(
            """
            INSERT INTO accounts (id, email, username, username_key, given_name, family_name, password_hash, password_changed_at, password_change_required, email_verified_at, created_at)
            VALUES (@Id, @Email, @Username, @key, @GivenName, @FamilyName, @PasswordHash, @PasswordChangedAt, @required, @EmailVerifiedAt, @CreatedAt)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                account.Id,
                account.Email,
                account.Username,
                key = account.Username?.ToLowerInvariant(),
                account.GivenName,
                account.FamilyName,
                account.PasswordHash,
                account.PasswordChangedAt,
                required = account.PasswordChangeRequired ? 1 : 0,
                account.EmailVerifiedAt,
                account.CreatedAt,
            });
        if (added == 1)
        {
            return AddedAccount.Added;
        }

        return await FindByEmailAsync(transaction, account.Email) is not null ? AddedAccount.EmailTaken : AddedAccount.UsernameTaken;
    }

    /// <summary>Many new ones at once, in any state. One whose id, address or username is taken fails all of them (see <see cref="Dialect.IsDuplicate"/>).</summary>
    internal Task AddAllAsync(Transaction transaction, IEnumerable<Account> accounts) => transaction.AddRowsAsync(
        "accounts",
        [
            "id", "email", "username", "username_key", "given_name", "family_name", "password_hash", "password_changed_at", "password_change_required", "email_verified_at",
            "disabled_at", "has_second_factor", "created_at", "last_login_at",
        ],
        accounts.Select(object?[] (account) =>
        [
            account.Id, account.Email, account.Username, account.Username?.ToLowerInvariant(), account.GivenName, account.FamilyName, account.PasswordHash, account.PasswordChangedAt,
            account.PasswordChangeRequired ? 1L : 0L, account.EmailVerifiedAt, account.DisabledAt, account.HasSecondFactor ? 1L : 0L, account.CreatedAt, account.LastLoginAt,
        ]));

    /// <summary>Who has one of these ids, addresses or usernames.</summary>
    internal async Task<List<TakenNames>> ListTakenAsync(Scope scope, IEnumerable<string> ids, IEnumerable<string> emails, IEnumerable<string> usernameKeys)
    {
        const string Names = "SELECT id AS Id, email AS Email, username_key AS UsernameKey FROM accounts";
        return
        [
            .. await scope.QueryManyAsync<TakenNames>($"{Names} WHERE id IN ({{list}})", ids),
            .. await scope.QueryManyAsync<TakenNames>($"{Names} WHERE email IN ({{list}})", emails),
            .. await scope.QueryManyAsync<TakenNames>($"{Names} WHERE username_key IN ({{list}})", usernameKeys),
        ];
    }

    /// <summary>In the order of their ids, from behind one.</summary>
    public Task<List<Account>> ListAfterAsync(Scope scope, string after, int most) =>
        scope.QueryAsync<Account>($"{Select} WHERE id > @after ORDER BY id LIMIT @most", new { after, most });

    public Task<Account?> FindAsync(Scope scope, string id) => scope.FindAsync<Account>($"{Select} WHERE id = @id", new { id });

    /// <summary>Holds the account until the transaction ends: what is decided about it now is still so when it is written.</summary>
    public Task<Account?> FindForUpdateAsync(Transaction transaction, string id) =>
        transaction.FindAsync<Account>($"{Select} WHERE id = @id {transaction.Dialect.ForUpdate}", new { id });

    public Task<Account?> FindByEmailAsync(Scope scope, string email) => scope.FindAsync<Account>($"{Select} WHERE email = @email", new { email });

    public Task<Account?> FindByUsernameAsync(Scope scope, string key) => scope.FindAsync<Account>($"{Select} WHERE username_key = @key", new { key });

    /// <param name="isTemporary">Whether somebody else chose it, so that the owner must choose another at the next sign-in.</param>
    public Task SetPasswordAsync(Transaction transaction, string id, string hash, long now, bool isTemporary = false) => transaction.ExecuteAsync(
        "UPDATE accounts SET password_hash = @hash, password_changed_at = @now, password_change_required = @required WHERE id = @id",
        new { id, hash, now, required = isTemporary ? 1 : 0 });

    /// <param name="at">Null enables it again.</param>
    public Task SetDisabledAsync(Transaction transaction, string id, long? at) =>
        transaction.ExecuteAsync("UPDATE accounts SET disabled_at = @at WHERE id = @id", new { id, at });

    /// <summary>The same password in a newer form; nothing if it has been changed meanwhile.</summary>
    public Task SetRehashedAsync(Transaction transaction, string id, string before, string after) => transaction.ExecuteAsync(
        "UPDATE accounts SET password_hash = @after WHERE id = @id AND password_hash = @before", new { id, before, after });

    public async Task<bool> TrySetVerifiedAsync(Transaction transaction, string id, long now) => await transaction.ExecuteAsync(
        "UPDATE accounts SET email_verified_at = @now WHERE id = @id AND email_verified_at IS NULL", new { id, now }) == 1;

    /// <exception cref="System.Data.Common.DbException">Somebody else has the address (see <see cref="Dialect.IsDuplicate"/>).</exception>
    public Task SetEmailAsync(Transaction transaction, string id, string email, long now) =>
        transaction.ExecuteAsync("UPDATE accounts SET email = @email, email_verified_at = @now WHERE id = @id", new { id, email, now });

    /// <exception cref="System.Data.Common.DbException">Somebody else has the address (see <see cref="Dialect.IsDuplicate"/>).</exception>
    public Task SetEmailAsync(Transaction transaction, string id, string email, bool isVerified, long now) => transaction.ExecuteAsync(
        "UPDATE accounts SET email = @email, email_verified_at = CASE WHEN @isVerified = 1 THEN coalesce(email_verified_at, @now) END WHERE id = @id",
        new { id, email, isVerified = isVerified ? 1 : 0, now });

    /// <exception cref="System.Data.Common.DbException">Somebody else has the username (see <see cref="Dialect.IsDuplicate"/>).</exception>
    public Task SetProfileAsync(Transaction transaction, Account account) => transaction.ExecuteAsync(
        "UPDATE accounts SET username = @Username, username_key = @key, given_name = @GivenName, family_name = @FamilyName WHERE id = @Id",
        new { account.Id, account.Username, key = account.Username?.ToLowerInvariant(), account.GivenName, account.FamilyName });

    public Task SetHasSecondFactorAsync(Transaction transaction, string id, bool has) =>
        transaction.ExecuteAsync("UPDATE accounts SET has_second_factor = @has WHERE id = @id", new { id, has = has ? 1 : 0 });

    public Task RemovePasswordAsync(Transaction transaction, string id) =>
        transaction.ExecuteAsync("UPDATE accounts SET password_hash = NULL, password_changed_at = NULL, password_change_required = 0 WHERE id = @id", new { id });

    public Task SetLastLoginAsync(Transaction transaction, string id, long now) =>
        transaction.ExecuteAsync("UPDATE accounts SET last_login_at = @now WHERE id = @id", new { id, now });

    public Task RemoveAsync(Transaction transaction, string id) => transaction.ExecuteAsync("DELETE FROM accounts WHERE id = @id", new { id });

    internal static string Escaped(string text) => text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
}
