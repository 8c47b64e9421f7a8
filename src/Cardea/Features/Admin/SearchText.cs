using System.Text;
using Cardea.Features.Accounts;
using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

/// <summary>What an account is looked for by, in the forms in which the engines are asked for it.</summary>
internal sealed class SearchText
{
    /// <summary>The index holds every part of this length, and so as its beginnings every part of <see cref="Shortest"/>.</summary>
    private const int Window = 5;

    private const int Shortest = 3;

    private static readonly Lazy<Dictionary<Rune, string>> Cases = new(FindCases);

    private readonly List<Rune> _runes;

    public SearchText(string text)
    {
        (Text, _runes) = (text, [.. text.EnumerateRunes()]);
        var size = _runes.Count < Window ? Shortest : Window;
        var last = _runes.Count - size;
        // Parts that lie side by side, and one that ends where the text ends: together they hold all of it.
        Parts = string.Join(
            " AND ",
            Enumerable.Range(0, Math.Max(0, last + 1)).Where(at => size == Shortest || at % size == 0 || at == last).Select(at => _runes.GetRange(at, size))
                .Where(part => part.TrueForAll(IsIndexed))
                .Select(part => $"\"{string.Concat(part).Replace("\"", "\"\"", StringComparison.Ordinal)}\"{(size == Shortest ? " *" : "")}").Distinct());
    }

    public string Text { get; }

    /// <summary>How FTS5 is asked, which folds the case of every script; empty for what its index doesn't know.</summary>
    public string Parts { get; }

    /// <summary>Parts of one or two letters are in nearly every address, and in no index.</summary>
    public bool IsShort => _runes.Count < Shortest;

    /// <summary>How long the parts are that PostgreSQL's index is asked for.</summary>
    public int Size => _runes.Count < Window ? Shortest : Window;

    public string? Id => Foundation.Data.Id.IsWellFormed(Text.ToLowerInvariant()) ? Text.ToLowerInvariant() : null;

    /// <summary>For <c>LIKE … ESCAPE '!'</c> on PostgreSQL, for <c>GLOB</c> on SQLite, whose LIKE takes an upper and a lower case letter for the same in ASCII only.</summary>
    public string Pattern(Engine engine) => engine is Engine.Postgres ? AccountStore.Escaped(Text) : string.Concat(_runes.Select(Either));

    private static string Either(Rune rune) => rune.Value switch
    {
        '*' or '?' or '[' => $"[{rune}]",
        _ when Cases.Value.TryGetValue(Fold(rune), out var cases) => $"[{cases}]",
        _ => (rune.IsAscii ? Rune.ToLowerInvariant(rune) : rune).ToString(),
    };

    /// <summary>Controls separate the parts, and are in no name.</summary>
    private static bool IsIndexed(Rune rune) => !Rune.IsControl(rune);

    private static Rune Fold(Rune rune) => Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune));

    /// <summary>All letters that differ in case only, by what they have in common. In the words ASCII is in lower case already.</summary>
    private static Dictionary<Rune, string> FindCases() => Enumerable.Range(0x80, 0x20000 - 0x80).Concat(Enumerable.Range('a', 26)).Where(Rune.IsValid).Select(value => new Rune(value))
        .GroupBy(Fold).Where(cases => cases.Count() > 1).ToDictionary(cases => cases.Key, string.Concat);

    public override string ToString() => "[search text]"; // it names people
}
