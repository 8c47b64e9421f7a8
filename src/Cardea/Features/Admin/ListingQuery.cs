using System.Globalization;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>What stands in the query of a listing: filters, how many, and where to go on. Whatever is not known, given twice or malformed is refused by name.</summary>
public sealed class ListingQuery
{
    public const int MostItems = 200;
    private const int UsualItems = 50;
    private const int LongestFilter = 254;

    /// <summary>Sorts after every id.</summary>
    internal const string FromTheNewest = "g";

    private readonly string _listing;
    private readonly Cursors _cursors;

    private ListingQuery(string listing, Cursors cursors, Dictionary<string, string> filters, int limit, string before)
    {
        (_listing, _cursors, Filters, Limit, Before) = (listing, cursors, filters, limit, before);
    }

    public IReadOnlyDictionary<string, string> Filters { get; }

    public int Limit { get; }

    public bool IsFirst => Before == FromTheNewest;

    /// <summary>Only what is older than this id.</summary>
    public string Before { get; }

    public string? Filter(string name) => Filters.GetValueOrDefault(name);

    public static (ListingQuery? Query, Problem? Refusal) Read(IQueryCollection query, Cursors cursors, string listing, params string[] filters)
    {
        var errors = new FieldErrors();
        var given = new Dictionary<string, string>();
        foreach (var (name, values) in query)
        {
            if (values.Count != 1)
            {
                errors.Add(Shown(name), "The value is given twice.");
            }
            else if (!filters.Contains(name) && name is not ("cursor" or "limit"))
            {
                errors.Add(Shown(name), "There is no such filter.");
            }
            else if (values[0] is { Length: > 0 } value && name is not ("cursor" or "limit"))
            {
                if (value.Length > LongestFilter || value.Contains('\0', StringComparison.Ordinal))
                {
                    errors.Add(name, "The value is too long or has characters that are not allowed.");
                }
                else
                {
                    given[name] = value;
                }
            }
        }

        var limit = UsualItems;
        if (query["limit"].ToString() is { Length: > 0 } many && (!int.TryParse(many, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostItems))
        {
            errors.Add("limit", new Phrase("Give a whole number from 1 to {0}.", MostItems));
        }

        var (before, whole) = (FromTheNewest, listing + "?" + string.Join('&', given.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
        if (query["cursor"].ToString() is { Length: > 0 } cursor && !cursors.TryRead(whole, cursor, out before))
        {
            errors.Add("cursor", "The cursor is not one of this listing.");
        }

        return errors.Any ? (null, errors.ToProblem()) : (new ListingQuery(whole, cursors, given, limit, before), null);
    }

    /// <summary>A page of what was asked for. One more than the limit was read, which tells whether there is more.</summary>
    public Page<TBody> PageOf<TRow, TBody>(IReadOnlyList<TRow> rows, Func<TRow, string> id, Func<TRow, TBody> body) => new(
        [.. rows.Take(Limit).Select(body)], rows.Count > Limit ? _cursors.Write(_listing, id(rows[Limit - 1])) : null);

    /// <summary>The address of this listing's page, further on from a cursor; without one from the newest.</summary>
    public string Path(string page, string? cursor)
    {
        var query = string.Join('&', Filters.Concat(cursor is null ? [] : [KeyValuePair.Create("cursor", cursor)]).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        return query.Length == 0 ? page : $"{page}?{query}";
    }

    private static string Shown(string name) => string.Concat(name.Where(letter => letter is > ' ' and < '\u007f').Take(64)) is { Length: > 0 } shown ? shown : "?";
}

/// <param name="NextCursor">Goes on after the last item; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);
