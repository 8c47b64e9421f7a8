using System.Text;
using Cardea.Features.Accounts;
using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

/// <summary>Which accounts are looked for.</summary>
/// <param name="Text">Any part of e-mail address, username, names or id.</param>
/// <param name="Status"><c>active</c>, <c>disabled</c>, <c>unverified</c>, or null for all.</param>
public sealed record AccountFilter(string? Text, string? Status, string? Role)
{
    public override string ToString() => "[account filter]"; // it names people
}

/// <summary>
/// Lists accounts, newest first, as fast among a million as among a thousand. Each filter is a set that is either small, and then looked up by its
/// index, or large, and then met soon by walking back from the newest: which of the two it is, is found out by reading its ids up to a bound.
/// </summary>
public sealed class AccountSearchStore
{
    /// <summary>From so many on a set is large.</summary>
    private const int Large = 2000;

    /// <summary>The index knows parts of three letters and longer.</summary>
    private const int ShortestIndexed = 3;

    public async Task<List<Account>> ListAsync(Scope scope, AccountFilter filter, string before, int most)
    {
        var text = filter.Text?.ToLowerInvariant();
        var trigrams = text is null ? [] : Trigrams(text);
        var values = new
        {
            before,
            most,
            role = filter.Role,
            id = text,
            like = text is null ? null : $"%{Pattern(scope, text)}%",
            start = text is null ? null : $"{Pattern(scope, text)}%",
            trigrams = string.Join(" AND ", trigrams),
        };
        var conditions = new List<string> { "id < @before" };
        HashSet<string>? few = null;
        if (text is not null && Id.IsWellFormed(text))
        {
            conditions.Add("id = @id");
        }
        else if (trigrams.Count > 0)
        {
            await NarrowAsync(
                scope.Dialect.Engine is Engine.Sqlite
                    ? "SELECT id FROM account_search WHERE account_search MATCH @trigrams AND words LIKE @like ESCAPE '!'" // the index doesn't help a LIKE with ESCAPE
                    : "SELECT id FROM accounts WHERE search_words LIKE @like ESCAPE '!'",
                $"{Words(scope)} LIKE @like ESCAPE '!'");
        }
        else if (text is not null)
        {
            // One or two letters are in nearly every address: what begins with them is what is meant.
            conditions.Add("(email LIKE @start ESCAPE '!' OR username_key LIKE @start ESCAPE '!' OR lower(given_name) LIKE @start ESCAPE '!' OR lower(family_name) LIKE @start ESCAPE '!')");
        }

        if (filter.Role is not null)
        {
            await NarrowAsync("SELECT account_id AS id FROM account_roles WHERE role = @role", "EXISTS (SELECT 1 FROM account_roles held WHERE held.account_id = accounts.id AND held.role = @role)");
        }

        switch (filter.Status)
        {
            case "disabled":
                conditions.Add("disabled_at IS NOT NULL");
                break;
            case "active":
                conditions.Add("disabled_at IS NULL");
                break;
            case "unverified":
                conditions.Add("email_verified_at IS NULL");
                break;
        }

        if (few is null)
        {
            return await scope.QueryAsync<Account>($"{AccountStore.Select} WHERE {string.Join(" AND ", conditions)} ORDER BY id DESC LIMIT @most", values);
        }

        var ids = few.Where(id => string.CompareOrdinal(id, before) < 0).OrderDescending(StringComparer.Ordinal).ToList();
        if (conditions.Count == 1)
        {
            ids = [.. ids.Take(most)]; // nothing else is asked of them
        }

        return ids.Count == 0 ? [] : await scope.QueryAsync<Account>(
            $"{AccountStore.Select} WHERE {(scope.Dialect.Engine is Engine.Postgres ? "id = ANY(@ids)" : "id IN @ids")} AND {string.Join(" AND ", conditions)} ORDER BY id DESC LIMIT @most",
            new { values.before, values.most, values.role, values.id, values.like, values.start, values.trigrams, ids });

        async Task NarrowAsync(string set, string condition)
        {
            var found = await scope.QueryAsync<string>($"SELECT id FROM ({set}) matching LIMIT {Large}", values);
            if (found.Count == Large)
            {
                conditions.Add(condition);
            }
            else if (few is null)
            {
                few = [.. found];
            }
            else
            {
                few.IntersectWith(found);
            }
        }
    }

    /// <summary>All parts of three characters, as FTS5 is asked for them. It folds the case of every script.</summary>
    private static List<string> Trigrams(string text)
    {
        var runes = text.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        return [.. Enumerable.Range(0, Math.Max(0, runes.Count - ShortestIndexed + 1)).Select(at => $"\"{string.Concat(runes.Skip(at).Take(ShortestIndexed)).Replace("\"", "\"\"", StringComparison.Ordinal)}\"").Distinct()];
    }

    /// <summary>SQLite knows upper and lower case of ASCII only: any character stands for a letter that may be written in the other case.</summary>
    private static string Pattern(Scope scope, string text) => scope.Dialect.Engine is Engine.Postgres
        ? AccountStore.Escaped(text)
        : string.Concat(AccountStore.Escaped(text).EnumerateRunes().Select(rune => rune.IsAscii || Rune.ToUpperInvariant(rune) == rune ? rune.ToString() : "_"));

    /// <summary>The same words as in the index, of one account.</summary>
    private static string Words(Scope scope) => scope.Dialect.Engine is Engine.Postgres
        ? "search_words"
        : "lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || id)";
}
