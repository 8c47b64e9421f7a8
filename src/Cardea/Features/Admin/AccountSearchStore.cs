using System.Globalization;
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
/// Lists accounts, newest first, as fast among a million as among a thousand. What few have is looked up by its index. What many have is met soon by
/// going back from the newest; on SQLite that way leads through the index of parts itself, which is in the order of the ids.
/// </summary>
public sealed class AccountSearchStore
{
    /// <summary>From so many on a set is large.</summary>
    private const int Large = 2000;

    /// <summary>PostgreSQL reads so many of the newest accounts to learn how common a text is, and then as many as it takes, up to the second number.</summary>
    private const int Sample = 100;
    private const int LongestWalk = 2500;

    /// <summary>The rows of SQLite's index that belong to the same 16 ms (see the migration).</summary>
    private const long GroupSize = 4096;
    private const int GroupDigits = 11;

    public async Task<List<Account>> ListAsync(Scope scope, AccountFilter filter, string before, int most)
    {
        var wanted = new Wanted(scope, filter.Text is null ? null : new SearchText(filter.Text), before, most);
        return await FewAsync(wanted, filter) is { } few
            ? await wanted.QueryAsync($"SELECT {AccountStore.Columns} FROM (SELECT * FROM ({few}) these LIMIT {2 * Large}) few CROSS JOIN accounts WHERE accounts.id = few_id AND {wanted.Conditions} ORDER BY id DESC LIMIT @most")
            : wanted.Text is null or { IsShort: true } or { Id: not null } ? await WalkAsync(wanted)
            : scope.Dialect.Engine is Engine.Postgres ? await SearchPostgresAsync(wanted)
            : wanted.Text.Parts.Length > 0 ? await SearchSqliteAsync(wanted)
            : await WalkAsync(wanted);
    }

    private static Task<List<Account>> WalkAsync(Wanted wanted) =>
        wanted.QueryAsync($"{AccountStore.Select} WHERE {wanted.Conditions} ORDER BY id DESC LIMIT @most");

    /// <summary>Adds what else is asked for than a text.</summary>
    /// <returns>The ids of a filter that few pass, which are looked through sooner than anything else.</returns>
    private static async Task<string?> FewAsync(Wanted wanted, AccountFilter filter)
    {
        var sets = new List<string>();
        if (filter.Role is not null)
        {
            sets.Add("SELECT account_id AS few_id FROM account_roles WHERE role = @role");
            wanted.Add("role", filter.Role, "EXISTS (SELECT 1 FROM account_roles held WHERE held.account_id = accounts.id AND held.role = @role)");
        }

        if (filter.Status switch { "disabled" => "disabled_at IS NOT NULL", "active" => "disabled_at IS NULL", "unverified" => "email_verified_at IS NULL", _ => null } is { } state)
        {
            wanted.Add(state);
            if (filter.Status is not "active" && (filter.Role is not null || wanted.Text is not null)) // has an index; alone it is walked in its order
            {
                sets.Add($"SELECT id AS few_id FROM accounts WHERE {state}");
            }
        }

        foreach (var set in sets)
        {
            if ((await wanted.QueryAsync<long>($"SELECT COUNT(*) FROM (SELECT * FROM ({set}) these LIMIT {Large}) counted")).Single() < Large)
            {
                return set;
            }
        }

        return null;
    }

    private static async Task<List<Account>> SearchSqliteAsync(Wanted wanted)
    {
        var found = $"""
            SELECT {AccountStore.Columns}
            FROM account_search CROSS JOIN account_search_rows ON account_search_rows.search_row = account_search.rowid CROSS JOIN accounts ON accounts.id = account_search_rows.account
            WHERE account_search MATCH @parts AND {wanted.Conditions} AND account_search.rowid
            """;
        var page = await wanted.QueryAsync($"{found} BETWEEN 0 AND @last ORDER BY account_search.rowid DESC LIMIT @most");
        var strays = await wanted.QueryAsync($"{found} < 0");
        if (page.Count == wanted.Most)
        {
            // Within the 16 ms at which the page ends there may be newer ones that have not been read.
            wanted.Values["end"] = FirstRow(page[^1].Id);
            page.AddRange(await wanted.QueryAsync($"{found} BETWEEN @end AND @end + {GroupSize - 1}"));
        }

        return [.. page.Concat(strays).DistinctBy(account => account.Id).OrderByDescending(account => account.Id, StringComparer.Ordinal).Take(wanted.Most)];
    }

    private static async Task<List<Account>> SearchPostgresAsync(Wanted wanted)
    {
        // The index can't be read in the order of the ids, and of what a tenth of all accounts have it makes a list first that takes longer than to find some.
        var met = await MeetAsync(Sample);
        if (met.Count < wanted.Most && met.Count * LongestWalk >= wanted.Most * Sample)
        {
            met = await MeetAsync(LongestWalk);
        }

        if (met.Count == wanted.Most)
        {
            return met;
        }

        var ids = await wanted.QueryAsync<string>(
            $"""
            SELECT id FROM accounts
            WHERE account_search_parts(search_words, 3) || account_search_parts(search_words, 5) @> account_search_parts(lower(@text), @size) AND search_words LIKE lower(@anywhere) ESCAPE '!' LIMIT {Large}
            """);
        wanted.Values["ids"] = ids;
        return ids.Count == Large ? await WalkAsync(wanted)
            : ids.Count == 0 ? []
            : await wanted.QueryAsync($"{AccountStore.Select} WHERE id = ANY(@ids) AND {wanted.Conditions} ORDER BY id DESC LIMIT @most");

        Task<List<Account>> MeetAsync(int rows) => wanted.QueryAsync(
            $"SELECT {AccountStore.Columns} FROM (SELECT * FROM accounts WHERE id < @before ORDER BY id DESC LIMIT {rows}) accounts WHERE {wanted.Conditions} ORDER BY id DESC LIMIT @most");
    }

    /// <summary>The first row of the index for accounts of the same 16 ms as this id.</summary>
    private static long FirstRow(string id) => long.Parse(id.AsSpan(0, GroupDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) * GroupSize;

    /// <summary>No account that sorts before this has a later row, whatever stands in the place of an id.</summary>
    private static long LastRow(string before) =>
        FirstRow(string.Concat(before.TakeWhile(char.IsAsciiHexDigitLower).Take(GroupDigits)).PadRight(GroupDigits, 'f')) + GroupSize - 1;

    /// <summary>What an account must be to be shown, and the values that the conditions name.</summary>
    private sealed class Wanted
    {
        private static readonly string[] Beginnings = ["email", "username_key", "lower(given_name)", "lower(family_name)"];

        private readonly Scope _scope;
        private readonly List<string> _conditions = ["accounts.id < @before"];

        public Wanted(Scope scope, SearchText? text, string before, int most)
        {
            (_scope, Text, Most, Values) = (scope, text, most, new() { ["before"] = before, ["most"] = most });
            if (text is null)
            {
                return;
            }

            var isPostgres = scope.Dialect.Engine is Engine.Postgres;
            var (pattern, any) = (text.Pattern(scope.Dialect.Engine), isPostgres ? "%" : "*");
            if (text.Id is not null)
            {
                Add("id", text.Id, "accounts.id = @id");
            }
            else if (text.IsShort)
            {
                // One or two letters are in nearly every address: what begins with them is what is meant.
                Add("start", pattern + any, $"({string.Join(" OR ", Beginnings.Select(name => Matches(name, "@start")))})");
            }
            else
            {
                (Values["text"], Values["size"], Values["parts"], Values["last"]) = (text.Text, text.Size, text.Parts, LastRow(before));
                Add("anywhere", any + pattern + any, Matches(isPostgres ? "search_words" : "lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || accounts.id)", "@anywhere"));
            }

            string Matches(string words, string value) => isPostgres ? $"{words} LIKE lower({value}) ESCAPE '!'" : $"{words} GLOB {value}";
        }

        public SearchText? Text { get; }

        public int Most { get; }

        public Dictionary<string, object> Values { get; }

        public string Conditions => string.Join(" AND ", _conditions);

        public void Add(string condition) => _conditions.Add(condition);

        public void Add(string name, object value, string condition)
        {
            Values[name] = value;
            Add(condition);
        }

        public Task<List<Account>> QueryAsync(string sql) => QueryAsync<Account>(sql);

        public Task<List<T>> QueryAsync<T>(string sql) => _scope.QueryAsync<T>(sql, Values);
    }
}
