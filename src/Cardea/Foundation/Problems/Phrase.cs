using System.Globalization;

namespace Cardea.Foundation.Problems;

/// <summary>An English sentence whose values still stand beside it, so that a page can say it in another language. As text it is English.</summary>
public sealed record Phrase(string English, params IReadOnlyList<object> Values)
{
    public static implicit operator Phrase(string english) => FromString(english);

    public static Phrase FromString(string english) => new(english);

    public override string ToString() => Values.Count == 0 ? English : string.Format(CultureInfo.InvariantCulture, English, [.. Values]);
}
