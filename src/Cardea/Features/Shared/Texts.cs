using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Shared;

/// <summary>
/// Everything a page says, in a language. The English sentence is the key: code and views read as what is shown, and a sentence that has no
/// translation is shown in English, never as a key. A test finds the missing ones.
/// </summary>
public sealed class Texts
{
    private static readonly FrozenDictionary<string, Texts> All = Languages.All.ToFrozenDictionary(language => language, Load);

    private readonly FrozenDictionary<string, string> _translations;

    private Texts(string language, IDictionary<string, string> translations) => (Language, _translations) = (language, translations.ToFrozenDictionary());

    /// <summary>The tag of the language, as <c>lang</c> wants it.</summary>
    public string Language { get; }

    public string this[string english] => _translations.GetValueOrDefault(english, english);

    public string this[string english, params object[] values] => string.Format(Culture, this[english], values);

    public string this[Phrase phrase] => phrase.Values.Count == 0 ? this[phrase.English] : this[phrase.English, [.. phrase.Values]];

    public CultureInfo Culture => CultureInfo.GetCultureInfo(Language);

    /// <summary>What the language calls itself.</summary>
    public string Name => this["English"];

    /// <summary>In UTC, since nothing tells where the reader is. English has a form that no country reads otherwise; a translation has its own.</summary>
    public string Time(DateTimeOffset at) => at.UtcDateTime.ToString(this["d MMM yyyy, HH:mm"], Culture) + " UTC";

    public string Date(DateTimeOffset at) => at.UtcDateTime.ToString(this["d MMM yyyy"], Culture);

    public static Texts In(string language) => All.GetValueOrDefault(language) ?? All[Languages.Fallback];

    private static Texts Load(string language)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Languages.ResourcePrefix}{language}.json");
        return new(language, stream is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!);
    }
}
