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

    /// <summary>So many accounts with the rarest part of a text SQLite looks at, before it asks for the other parts.</summary>
    private const int FewParts = 300;

    /// <summary>The rows of SQLite's index that belong to the same 16 ms (see the migration).</summary>
    private const long GroupSize = 4096;
    private const int GroupDigits = 11;

    public async Task<List<Account>> ListAsync(Scope scope, AccountFilter filter, string before, int most)
    {
        var wanted = new Wanted(scope, filter.Text is null ? null : new SearchText(filter.Text), before, most);
        return await FewAsync(wanted, filter) is { } few
            ? await wanted.QueryAsync($"SELECT {AccountStore.Columns} FROM (SELECT * FROM ({few}) these LIMIT {2 * Large}) few CROSS JOIN accounts WHERE accounts.id = few_id AND {wanted.Conditions} ORDER BY id DESC LIMIT @most")
            : wanted.Text is null or { IsShort: true } or { Id: not null } ? await WalkAsync(wanted)
            : wanted.Text.Parts.Count == 0 ? await WalkAsync(wanted)
            : scope.Dialect.Engine is Engine.Postgres ? await SearchPostgresAsync(wanted)
            : await SearchSqliteAsync(wanted);
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
            wanted.Values["role"] = filter.Role;
            wanted.Filter("EXISTS (SELECT 1 FROM account_roles held WHERE held.account_id = accounts.id AND held.role = @role)");
        }

        if (filter.Status switch { "disabled" => "disabled_at IS NOT NULL", "active" => "disabled_at IS NULL", "unverified" => "email_verified_at IS NULL", _ => null } is { } state)
        {
            wanted.Filter(state);
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
        // To look at an account takes less time than to look for it in one more list of many.
        var rarest = $"(SELECT rowid FROM account_search WHERE account_search MATCH @rarest AND rowid BETWEEN 0 AND @last ORDER BY rowid DESC LIMIT {FewParts})";
        var (few, hasStrays) = (await wanted.QueryAsync<(long, bool)>($"SELECT (SELECT COUNT(*) FROM {rarest}), EXISTS (SELECT 1 FROM account_search_rows WHERE search_row < 0)")).Single();
        var page = few < FewParts ? await FindAsync(rarest, "found.rowid >= 0") : await FindAsync("account_search", "account_search MATCH @match AND found.rowid BETWEEN 0 AND @last");
        if (page.Count == wanted.Most)
        {
            // Within the 16 ms at which the page ends there may be newer ones that have not been read.
            (wanted.Values["oldest"], wanted.Values["end"]) = (page[^1].Id, FirstRow(page[^1].Id));
            if ((await wanted.QueryAsync<bool>("SELECT EXISTS (SELECT 1 FROM account_search_rows WHERE search_row >= @end AND search_row < (SELECT search_row FROM account_search_rows WHERE account = @oldest))")).Single())
            {
                wanted.Values["most"] = GroupSize;
                page.AddRange(await FindAsync("account_search", $"account_search MATCH @match AND found.rowid BETWEEN @end AND @end + {GroupSize - 1}"));
            }
        }

        if (hasStrays)
        {
            wanted.Values["most"] = long.MaxValue;
            page.AddRange(await FindAsync("account_search", "account_search MATCH @match AND found.rowid < 0"));
        }

        return [.. page.DistinctBy(account => account.Id).OrderByDescending(account => account.Id, StringComparer.Ordinal).Take(wanted.Most)];

        // Read in the order in which they are named: the index leads.
        Task<List<Account>> FindAsync(string found, string rows) => wanted.QueryAsync(
            $"""
            SELECT {AccountStore.Columns}
            FROM {found} found CROSS JOIN account_search_rows ON account_search_rows.search_row = found.rowid CROSS JOIN accounts ON accounts.id = account_search_rows.account
            WHERE {rows} AND {wanted.Conditions}
            ORDER BY found.rowid DESC LIMIT @most
            """);
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

        // Of short texts the parts of three are all there is; of long ones their lists are long, and nothing but the words would lead to them.
        var index = wanted.Text!.IsLong
            ? string.Concat(wanted.Text.Rarest.Select((_, at) => $"account_search_parts(search_words, 2) && account_search_parts(lower(@part{at}), 1) AND ")) + "search_words || ''"
            : "search_words";
        var ids = await wanted.QueryAsync<string>($"SELECT id FROM accounts WHERE {index} LIKE lower(@anywhere) ESCAPE '!' LIMIT {Large}");
        if (ids.Count == Large)
        {
            return await WalkAsync(wanted);
        }

        ids = [.. ids.Where(id => string.CompareOrdinal(id, wanted.Before) < 0).OrderDescending(StringComparer.Ordinal).Take(wanted.IsFiltered ? Large : wanted.Most)];
        wanted.Values["ids"] = ids;
        return ids.Count == 0 ? []
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
            (_scope, Text, Before, Most, Values) = (scope, text, before, most, new() { ["before"] = before, ["most"] = most });
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
                (Values["rarest"], Values["match"], Values["last"]) = (text.Match(1), text.Match(text.Parts.Count), LastRow(before));
                foreach (var (at, part) in text.Rarest.Index())
                {
                    Values[$"part{at}"] = part;
                }

                Add("anywhere", any + pattern + any, Matches(isPostgres ? "search_words" : "lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || accounts.id)", "@anywhere"));
            }

            string Matches(string words, string value) => isPostgres ? $"{words} LIKE lower({value}) ESCAPE '!'" : $"{words} GLOB {value}";
        }

        public SearchText? Text { get; }

        public string Before { get; }

        public int Most { get; }

        /// <summary>Whether anything is asked for besides a text.</summary>
        public bool IsFiltered { get; private set; }

        public Dictionary<string, object> Values { get; }

        public string Conditions => string.Join(" AND ", _conditions);

        public void Filter(string condition)
        {
            _conditions.Add(condition);
            IsFiltered = true;
        }

        private void Add(string name, string value, string condition)
        {
            Values[name] = value;
            _conditions.Add(condition);
        }

        public Task<List<Account>> QueryAsync(string sql) => QueryAsync<Account>(sql);

        public Task<List<T>> QueryAsync<T>(string sql) => _scope.QueryAsync<T>(sql, Values);
    }
}
