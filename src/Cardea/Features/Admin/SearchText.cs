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
    private const int MostParts = 4;

    /// <summary>Letters, the most frequent first.</summary>
    private const string Frequent = "eaionrstlhdmcukgpbvyfwjzxq";

    private static readonly Lazy<Dictionary<Rune, string>> Cases = new(FindCases);

    private readonly List<Rune> _runes;

    public SearchText(string text)
    {
        (Text, _runes) = (text, [.. text.EnumerateRunes()]);
        var rarest = Enumerable.Range(0, Math.Max(0, _runes.Count - Size + 1)).Where(at => _runes.Skip(at).Take(Size).All(rune => !Rune.IsControl(rune))).OrderByDescending(Rarity).ToList();
        Rarest = [.. rarest.Where(at => !IsDomain(at)).DefaultIfEmpty(rarest.FirstOrDefault(-1)).Where(at => at >= 0).Take(2 * MostParts).Select(Part).Distinct()];
        Parts = [.. Choose(rarest).Select(Part).Distinct()];
    }

    public string Text { get; }

    /// <summary>What the index is asked for, what is likely to be rare first; empty where there is nothing but controls, which separate the parts on SQLite and are in no name.</summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>The likeliest to be rare, wherever they lie: what overlaps says of a run of letters that everybody has that it stands where it should.</summary>
    public IReadOnlyList<string> Rarest { get; }

    /// <summary>How FTS5 is asked for the first of them. It folds the case of every script.</summary>
    public string Match(int count) => string.Join(" AND ", Parts.Take(count).Select(part => $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\"{(Size == Shortest ? " *" : "")}"));

    /// <summary>Parts of one or two letters are in nearly every address, and in no index.</summary>
    public bool IsShort => _runes.Count < Shortest;

    public bool IsLong => _runes.Count >= Window;

    private int Size => IsLong ? Window : Shortest;

    public string? Id => Foundation.Data.Id.IsWellFormed(Text.ToLowerInvariant()) ? Text.ToLowerInvariant() : null;

    /// <summary>For <c>LIKE … ESCAPE '!'</c> on PostgreSQL, for <c>GLOB</c> on SQLite, whose LIKE takes an upper and a lower case letter for the same in ASCII only.</summary>
    public string Pattern(Engine engine) => engine is Engine.Postgres ? AccountStore.Escaped(Text) : string.Concat(_runes.Select(Either));

    /// <summary>
    /// Where the parts begin that the index is asked for. Each that is in many accounts costs time at each account that the others are in, so some are
    /// enough: of those that overlap one.
    /// </summary>
    private List<int> Choose(List<int> rarest)
    {
        var chosen = new List<int>();
        foreach (var at in rarest)
        {
            // Behind the @ nearly all have the same.
            if (chosen.Count < MostParts && (chosen.Count == 0 || !IsDomain(at)) && (Size == Shortest || chosen.TrueForAll(other => Math.Abs(other - at) >= Size)))
            {
                chosen.Add(at);
            }
        }

        return chosen;
    }

    private string Part(int at) => string.Concat(_runes.GetRange(at, Size));

    private bool IsDomain(int at) => _runes.IndexOf(new Rune('@')) is >= 0 and var sign && at + Size > sign;

    /// <summary>A guess: seldom letters and numbers are in few words, and two words beside each other in few accounts.</summary>
    private double Rarity(int at)
    {
        var part = _runes.GetRange(at, Size);
        return part.Sum(rune => Frequent.IndexOf((char)Rune.ToLowerInvariant(rune).Value, StringComparison.Ordinal) is >= 0 and var place ? 2 + (place / 4.0) : 6)
            + (part.GetRange(1, Size - 2).Exists(rune => rune.IsAscii && !Rune.IsLetterOrDigit(rune)) ? 6 : 0)
            - (IsDomain(at) ? 100 : 0);
    }

    private static string Either(Rune rune) => rune.Value switch
    {
        '*' or '?' or '[' => $"[{rune}]",
        _ when Cases.Value.TryGetValue(Fold(rune), out var cases) => $"[{cases}]",
        _ => (rune.IsAscii ? Rune.ToLowerInvariant(rune) : rune).ToString(),
    };

    private static Rune Fold(Rune rune) => Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune));

    /// <summary>All letters that differ in case only, by what they have in common. In the words ASCII is in lower case already.</summary>
    private static Dictionary<Rune, string> FindCases() => Enumerable.Range(0x80, 0x20000 - 0x80).Concat(Enumerable.Range('a', 26)).Where(Rune.IsValid).Select(value => new Rune(value))
        .GroupBy(Fold).Where(cases => cases.Count() > 1).ToDictionary(cases => cases.Key, string.Concat);

    public override string ToString() => "[search text]"; // it names people
}
