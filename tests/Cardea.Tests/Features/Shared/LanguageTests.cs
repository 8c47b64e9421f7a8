using System.Net;
using System.Text.RegularExpressions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Shared;

/// <summary>A page and a mail are in the language that the person chose, or else in the browser's, or else in English.</summary>
public sealed partial class LanguageTests
{
    [Theory, OnSqlite]
    public async Task A_page_is_in_the_first_language_of_the_browser_that_there_is(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        using var client = app.NewClient();

        foreach (var german in new[] { "de", "DE", "de-CH", "fr, de;q=0.3", "en;q=0.5, de-AT;q=0.9", "en;q=0, de;q=0.1", "de, *;q=0.5" })
        {
            var page = await GetAsync(client, "/login", german);
            Assert.Contains("<html lang=\"de\">", page, StringComparison.Ordinal);
            Assert.Contains("<h1>Anmelden</h1>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("Sign in", page, StringComparison.Ordinal);
        }

        Assert.Contains("Hier ist nichts.", await GetAsync(client, "/no-such-page", "de"), StringComparison.Ordinal);
    }

    [Theory, OnSqlite]
    public async Task What_asks_for_no_language_of_ours_gets_English(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        using var client = app.NewClient();

        foreach (var other in new[] { null, "", "*", "fr", "en, de;q=0.9", "de;q=0", "den", "../../de", "de.json", ";;;q=de", "d e", "-", ",,,", new string('x', 5000), string.Join(',', Enumerable.Repeat("de", 200)) })
        {
            var page = await GetAsync(client, "/login", other);
            Assert.True(page.Contains("<html lang=\"en\">", StringComparison.Ordinal) && page.Contains("<h1>Sign in</h1>", StringComparison.Ordinal), $"For {other}: {page}");
        }

        foreach (var cookie in new[] { "xx", "../../de", "DE", "%00", new string('d', 2000) })
        {
            Assert.Contains("<html lang=\"en\">", await GetAsync(client, "/login", null, "cardea-language=" + cookie), StringComparison.Ordinal);
        }
    }

    [Theory, OnSqlite]
    public async Task The_switch_outlasts_the_browsers_wish(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var cookies = new CookieContainer();
        using var client = app.NewClient(cookies);

        var answer = await PostAsync(client, "/register", "/language", ("language", "de"), ("return_url", "/register"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        Assert.Equal("/register", answer.Header("Location"));
        Assert.Contains("cardea-language=de", answer.Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Contains("httponly", answer.Header("Set-Cookie"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<html lang=\"de\">", await GetAsync(client, "/register", "en"), StringComparison.Ordinal);

        await PostAsync(client, "/register", "/language", ("language", "en"));
        Assert.Contains("<html lang=\"en\">", await GetAsync(client, "/register", "de"), StringComparison.Ordinal);
    }

    [Theory, OnSqlite]
    public async Task Nobody_is_switched_by_another_site_to_what_is_no_language_or_away_from_here(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        using var client = app.NewClient(new CookieContainer());

        using var withoutToken = new FormUrlEncodedContent(new Dictionary<string, string> { ["language"] = "de" });
        using var refused = await client.PostAsync(new Uri("/language", UriKind.Relative), withoutToken);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        var answer = await PostAsync(client, "/login", "/language", ("language", "../../de"), ("return_url", "https://evil.example/"));
        Assert.Equal("/", answer.Header("Location"));
        Assert.DoesNotContain("cardea-language", answer.Header("Set-Cookie") ?? "", StringComparison.Ordinal);
        Assert.Contains("<html lang=\"en\">", await GetAsync(client, "/login", null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_switch_offers_every_language_there_is_by_its_own_name()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var client = app.NewClient();
        foreach (var shown in Languages.All)
        {
            var page = await GetAsync(client, "/login", shown);
            var offered = Offered().Matches(page).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).ToList();
            Assert.Equal(Languages.All.Select(language => (language, Texts.In(language).Name)), offered);
        }

        Assert.Equal(["English", "Deutsch"], Languages.All.Select(language => Texts.In(language).Name).Take(2));
    }

    [Theory, InlineData("en", "3 Sep 2026, 15:04 UTC", "3 Sep 2026"), InlineData("de", "03.09.2026, 15:04 UTC", "03.09.2026")]
    public void A_time_is_written_so_that_nobody_reads_another(string language, string time, string date)
    {
        var at = new DateTimeOffset(2026, 9, 3, 17, 4, 59, TimeSpan.FromHours(2));
        Assert.Equal((time, date), (Texts.In(language).Time(at), Texts.In(language).Date(at)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_signs_up_in_German_is_answered_and_mailed_in_German(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:MinimumLength", "11"));
        using var client = app.NewClient(new CookieContainer());
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Language", "de-DE, en;q=0.5");
        const string Email = "lena@example.org";

        var refused = await PostAsync(client, "/register", "/register", ("email", Email), ("password", "short"), ("password_again", "short"));
        Assert.Contains("Ein Passwort hat mindestens 11 Zeichen.", WebUtility.HtmlDecode(refused.Body), StringComparison.Ordinal);

        var done = await PostAsync(client, "/register", "/register", ("email", Email), ("given_name", "Lena"), ("password", "violet tractor lamp"), ("password_again", "violet tractor lamp"));
        Assert.Equal(HttpStatusCode.SeeOther, done.Status);
        Assert.Contains("Das Konto wurde erstellt.", await GetAsync(client, "/login", "de"), StringComparison.Ordinal);

        var mail = await app.LastMailToAsync(Email);
        Assert.Equal("Bestätigen Sie Ihre E-Mail-Adresse", mail.Subject);
        Assert.Contains("Guten Tag Lena,", mail.Text, StringComparison.Ordinal);
        Assert.Contains("<html lang=\"de\">", mail.Html, StringComparison.Ordinal);

        // This one is written by a job, long after the request.
        await PostAsync(client, "/forgot-password", "/forgot-password", ("login", Email));
        var reset = await app.LastMailToAsync(Email);
        Assert.Equal("Wählen Sie ein neues Passwort", reset.Subject);

        await PostAsync(client, "/reset-password", "/reset-password", ("token", reset.Token), ("password", "crimson kettle ladder"), ("password_again", "crimson kettle ladder"));
        var told = await app.LastMailToAsync(Email);
        Assert.Equal("Ihr Passwort wurde geändert", told.Subject);
        Assert.Matches(@"wurde am \d\d\.\d\d\.\d{4}, \d\d:\d\d UTC geändert", told.Text);
    }

    [Theory, OnSqlite]
    public async Task The_JSON_door_mails_in_the_clients_language_and_speaks_English_itself(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:MinimumLength", "11"), ("SignIn:NotifyByMail", "always"));
        var lena = app.NewActor("lena");
        static void German(HttpRequestMessage request) => request.Headers.TryAddWithoutValidation("Accept-Language", "de");

        var refused = await lena.SendAsync(HttpMethod.Post, "/auth/signup", new { email = lena.Email, password = "short" }, change: German);
        Assert.Equal("A password has at least 11 characters.", refused.Json.GetProperty("errors").GetProperty("password")[0].GetString());

        (await lena.SendAsync(HttpMethod.Post, "/auth/signup", new { email = lena.Email, password = lena.Password }, change: German)).Expect(HttpStatusCode.Created);
        Assert.Equal("Bestätigen Sie Ihre E-Mail-Adresse", (await app.LastMailToAsync(lena.Email)).Subject);
        await lena.VerifyAsync();

        (await lena.SendAsync(HttpMethod.Post, "/auth/login", new { email = lena.Email, password = lena.Password }, change: German)).Expect(HttpStatusCode.OK);
        var notice = await app.LastMailToAsync(lena.Email);
        Assert.Equal("Neue Anmeldung in Ihrem Konto", notice.Subject);
        Assert.Contains("Unbekanntes Gerät", notice.Text, StringComparison.Ordinal);

        var other = await app.NewActor("other").SignUpAsync();
        Assert.Equal("Confirm your e-mail address", (await app.LastMailToAsync(other.Email)).Subject);
    }

    private static async Task<string> GetAsync(HttpClient client, string path, string? language, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        if (language is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Language", language);
        }

        if (cookie is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        }

        using var response = await client.SendAsync(request);
        return WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
    }

    /// <summary>Sends a form as a browser would: with the token of the page that it stands on.</summary>
    private static async Task<Answer> PostAsync(HttpClient client, string page, string path, params (string Name, string Value)[] fields)
    {
        var token = Token().Match(await client.GetStringAsync(new Uri(page, UriKind.Relative))).Groups[1].Value;
        using var form = new FormUrlEncodedContent(fields.Append(("_token", token)).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), form);
        return await Answer.OfAsync(response);
    }

    [GeneratedRegex("<button name=\"language\" value=\"([a-z-]+)\"[^>]*>([^<]+)</button>")]
    private static partial Regex Offered();

    [GeneratedRegex("name=\"_token\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
