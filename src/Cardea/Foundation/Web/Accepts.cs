using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cardea.Foundation.Web;

public static class Accepts
{
    /// <summary>Browsers name text/html; programs name JSON, or take anything (RFC 9110 section 12.5.1).</summary>
    public static bool PrefersHtml(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>().Where(value => value.Length <= 1024)], out var types))
        {
            return false;
        }

        double Quality(string type) => types.Where(accepted => accepted.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)).Select(accepted => accepted.Quality ?? 1).DefaultIfEmpty(0).Max();
        return Quality("text/html") > Quality("application/json");
    }
}
