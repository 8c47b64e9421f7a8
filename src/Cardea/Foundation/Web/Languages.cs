using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cardea.Foundation.Web;

/// <summary>Which languages the house speaks, and which of them somebody wants: of a request's language there is one opinion, for pages and mails.</summary>
public static class Languages
{
    public const string Fallback = "en";
    public const string Cookie = "cardea-language";
    internal const string ResourcePrefix = "Cardea.Texts.";

    /// <summary>The header is a stranger's: what is longer than any browser sends is not read.</summary>
    private const int LongestWish = 256;

    /// <summary>English, which is written in the code, and every language that has a file of texts.</summary>
    public static IReadOnlyList<string> All { get; } = [Fallback, .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
        .Select(name => name[ResourcePrefix.Length..^".json".Length])];

    /// <summary>What the person chose; otherwise the first language of the browser that there is (RFC 9110 section 12.5.4).</summary>
    public static string Of(HttpRequest request)
    {
        if (request.Cookies[Cookie] is { } chosen && All.Contains(chosen))
        {
            return chosen;
        }

        string[] wishes = [.. request.Headers.AcceptLanguage.OfType<string>().Where(value => value.Length <= LongestWish)];
        if (wishes.Length == 0 || !StringWithQualityHeaderValue.TryParseStrictList(wishes, out var wished))
        {
            return Fallback;
        }

        return wished.Where(wish => wish.Quality is not 0).OrderByDescending(wish => wish.Quality ?? 1)
            .Select(wish => wish.Value.ToString().Split('-')[0].ToLowerInvariant())
            .FirstOrDefault(All.Contains) ?? Fallback;
    }
}
