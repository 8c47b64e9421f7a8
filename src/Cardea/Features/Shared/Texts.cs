using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cardea.Features.Shared;

/// <summary>
/// Everything a page says, in a language. The English sentence is the key: code and views read as what is shown, and a sentence that has no
/// translation is shown in English, never as a key. A test finds the missing ones.
/// </summary>
public sealed class Texts
{
    public const string Cookie = "cardea-language";
    private const string Fallback = "en";
    private const string Prefix = "Cardea.Texts.";

    private static readonly FrozenDictionary<string, Texts> All = Load();

    private readonly FrozenDictionary<string, string> _translations;

    private Texts(string language, IDictionary<string, string> translations) => (Language, _translations) = (language, translations.ToFrozenDictionary());

    /// <summary>The tag of the language, as <c>lang</c> wants it.</summary>
    public string Language { get; }

    public string this[string english] => _translations.GetValueOrDefault(english, english);

    public string this[string english, params object[] values] => string.Format(Culture, this[english], values);

    public CultureInfo Culture => CultureInfo.GetCultureInfo(Language);

    public static IReadOnlyCollection<string> Languages => All.Keys;

    internal IEnumerable<string> Known => _translations.Keys;

    public static Texts In(string language) => All.GetValueOrDefault(language) ?? All[Fallback];

    /// <summary>What the person chose; otherwise the first language of the browser that there is (RFC 9110 section 12.5.4).</summary>
    public static Texts For(HttpRequest request)
    {
        if (request.Cookies[Cookie] is { } chosen && All.TryGetValue(chosen, out var texts))
        {
            return texts;
        }

        if (!StringWithQualityHeaderValue.TryParseList([.. request.Headers.AcceptLanguage.OfType<string>().Where(value => value.Length <= 256)], out var wished))
        {
            return All[Fallback];
        }

        return wished.Where(wish => wish.Quality is not 0).OrderByDescending(wish => wish.Quality ?? 1)
            .Select(wish => All.GetValueOrDefault(wish.Value.ToString().Split('-')[0].ToLowerInvariant()))
            .OfType<Texts>().FirstOrDefault() ?? All[Fallback];
    }

    private static FrozenDictionary<string, Texts> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var loaded = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            return new Texts(name[Prefix.Length..^".json".Length], JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!);
        });
        return loaded.Append(new Texts(Fallback, new Dictionary<string, string>())).ToFrozenDictionary(texts => texts.Language);
    }
}
