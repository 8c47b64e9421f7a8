using System.Net;
using System.Text.RegularExpressions;

namespace Cardea.Tests.Harness;

/// <summary>
/// Somebody with a browser that runs no script: keeps cookies, sends what a browser says of itself, takes the token out of a page and posts
/// forms. It keeps cookies by itself, so that those that are Secure go to a server behind a proxy that ends TLS.
/// </summary>
public sealed class PageActor(ISite site)
{
    private readonly HttpClient _client = site.NewClient();

    public Dictionary<string, string> Cookies { get; } = [];

    public string UserAgent { get; set; } = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    public string SessionCookieName => Origin.StartsWith("https:", StringComparison.Ordinal) ? "__Host-cardea" : "cardea";

    public string? Session => Cookies.GetValueOrDefault(SessionCookieName);

    private string Origin => site.Origin;

    public async Task<Page> SendAsync(HttpMethod method, string path, HttpContent? content = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        if (method == HttpMethod.Post)
        {
            request.Headers.TryAddWithoutValidation("Origin", Origin);
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        }

        if (Cookies.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        change?.Invoke(request);
        using var response = await _client.SendAsync(request);
        var page = new Page(await Answer.OfAsync(response));
        foreach (var cookie in page.SetCookies)
        {
            if (cookie.IsRemoval)
            {
                Cookies.Remove(cookie.Name);
            }
            else
            {
                Cookies[cookie.Name] = cookie.Value;
            }
        }

        return page;
    }

    public Task<Page> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>A token as every page holds one; this one is for everybody.</summary>
    public async Task<string> TokenAsync() => (await GetAsync("/verify-email")).Token;

    /// <summary>Posts a form with a token of this browser's own.</summary>
    public async Task<Page> PostAsync(string path, params (string Name, string Value)[] fields) =>
        await PostAsync(path, await TokenAsync(), fields);

    public Task<Page> PostAsync(string path, string? token, (string Name, string Value)[] fields, Action<HttpRequestMessage>? change = null) =>
        SendAsync(HttpMethod.Post, path, Form(token, fields), change);

    public static FormUrlEncodedContent Form(string? token, params (string Name, string Value)[] fields) => new(
        fields.Select(field => KeyValuePair.Create(field.Name, field.Value)).Concat(token is null ? [] : [KeyValuePair.Create("_token", token)]));

    public Task<Page> TrySignInAsync(Actor account, string? password = null, params (string Name, string Value)[] more) =>
        PostAsync("/login", [("login", account.Email), ("password", password ?? account.Password), .. more]);

    public async Task<PageActor> SignInAsync(Actor account)
    {
        (await TrySignInAsync(account)).Expect(HttpStatusCode.SeeOther);
        Assert.NotNull(Session);
        return this;
    }

    /// <summary>Whether the browser's cookie opens the pages of who is signed in.</summary>
    public async Task<bool> IsSignedInAsync() => (await GetAsync("/account/security")).Status == HttpStatusCode.OK;

    /// <summary>The same cookies in another browser, or at another node.</summary>
    public PageActor Copy(ISite? at = null)
    {
        var copy = new PageActor(at ?? site);
        foreach (var (name, value) in Cookies)
        {
            copy.Cookies[name] = value;
        }

        return copy;
    }
}

/// <summary>A cookie as an answer sets it.</summary>
public sealed record SetCookie(string Name, string Value, IReadOnlyDictionary<string, string> Attributes)
{
    public bool IsRemoval => Value.Length == 0;

    public static SetCookie Parse(string header)
    {
        var parts = header.Split(';', StringSplitOptions.TrimEntries).Select(part => part.Split('=', 2)).ToList();
        return new(parts[0][0], parts[0][1], parts.Skip(1).ToDictionary(part => part[0], part => part.Length > 1 ? part[1] : "", StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>An answer as a person sees it.</summary>
public sealed partial class Page(Answer answer)
{
    public Answer Answer { get; } = answer;

    public HttpStatusCode Status => Answer.Status;

    public string Html => Answer.Body;

    public string? Location => Answer.Header("Location");

    public IReadOnlyList<SetCookie> SetCookies => Answer.Headers.TryGetValue("Set-Cookie", out var values) ? [.. values.Select(SetCookie.Parse)] : [];

    public string Token => Attribute(TokenInput(), "token");

    public string? Flash => FlashText().Match(Html) is { Success: true } found ? Decoded(found.Groups[1].Value) : null;

    /// <summary>What stands beside a field as wrong; null when nothing does.</summary>
    public string? ErrorOf(string field) =>
        Regex.Match(Html, $"<p class=\"error\" id=\"{Regex.Escape(field)}-error\"[^>]*>([^<]*)</p>") is { Success: true } found && found.Groups[1].Value.Length > 0 ? Decoded(found.Groups[1].Value) : null;

    /// <summary>What a field holds; null when there is no such field.</summary>
    public string? ValueOf(string field) => Regex.Match(Html, $"<input[^>]* name=\"{Regex.Escape(field)}\"[^>]*>") is { Success: true } input
        ? Regex.Match(input.Value, " value=\"([^\"]*)\"") is { Success: true } value ? Decoded(value.Groups[1].Value) : ""
        : null;

    /// <summary>The page without what differs from one drawing to the next.</summary>
    public string Shown => TokenInput().Replace(Html, "");

    public Page Expect(HttpStatusCode status)
    {
        Answer.Expect(status);
        return this;
    }

    private static string Decoded(string html) => WebUtility.HtmlDecode(html);

    private string Attribute(Regex input, string what) => input.Match(Html) is { Success: true } found ? Decoded(found.Groups[1].Value) : throw new InvalidOperationException($"No {what}: {(int)Status} {Html}");

    [GeneratedRegex("<input type=\"hidden\" name=\"_token\" value=\"([^\"]+)\"")]
    private static partial Regex TokenInput();

    [GeneratedRegex("<p class=\"flash [a-z]+\" role=\"[a-z]+\">(?:<svg.*?</svg>)?([^<]*)</p>", RegexOptions.Singleline)]
    private static partial Regex FlashText();
}
