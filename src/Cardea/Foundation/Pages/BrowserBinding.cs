using System.Security.Cryptography;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Pages;

/// <summary>
/// Ties a code to the browser that asked for it on a page: digits that somebody was talked out of, or that were guessed, are nothing
/// elsewhere. Whoever asks gets the cookie, whether or not there is anybody to mail.
/// </summary>
public sealed class BrowserBinding(StepCookie cookies)
{
    private const string Step = "asked-code";

    /// <summary>Longer than any code lives, since the mail may be late; how long the code lives is the code's own affair.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Who asks for a code. A browser that has asked before keeps its binding: two codes for two things both work.</summary>
    public ClientInfo Ask(HttpContext http, ClientInfo? client = null)
    {
        var binding = cookies.Find(http, Step) ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        cookies.Set(http, Step, binding, Lifetime);
        return (client ?? ClientInfo.Of(http)) with { Binding = binding };
    }

    /// <summary>Who types a code.</summary>
    public ClientInfo Answer(HttpContext http, ClientInfo? client = null) => (client ?? ClientInfo.Of(http)) with { Binding = cookies.Find(http, Step) };

    public bool HasAsked(HttpContext http) => cookies.Find(http, Step) is not null;
}
