using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>
/// Every form that a signed-in person and an administrator find by following links, filled in wrongly: fields missing, twice, huge, hostile, and some that no
/// form has. Whatever is sent, a page answers, and never a fault. <c>CARDEA_TEST_MESSAGES=20000</c> sends so many; without it some hundreds.
/// </summary>
public sealed partial class FormFuzzChecks
{
    private const int MostPages = 80;

    private static readonly string[] Values =
    [
        "", " ", "\0", "a\0b", "\n", "a\r\nX-Evil: 1", "\u202egnp.exe", "\ufeff", "\uffff", "👩‍👩‍👧‍👦", "İı\u212a", "<script>alert(1)</script>", "\"><img src=x>", "' OR 1=1 --", "'; DROP TABLE accounts; --", "%", "%00", "..", "{{7*7}}", "{0}",
        "//evil.example", "https://evil.example/", "/login", "javascript:alert(1)", "-1", "0", "1e999", "999999999999999999999", "true", "on", "admin", "user", "totp", "123456", "a@b", "a@example.org", "a@example.org,b@example.org", "de", "xx",
        "2026-13-45", new string('0', 32), new string('A', 43), new string('é', 5000), new string('a', 16_000), new string('a', 17_000), "{\"a\":1}", "[[[[[[[[", "violet tractor lamp nine",
    ];

    [Theory, OnSqlite, OnPostgres]
    public Task Whatever_a_member_puts_into_a_form_a_page_answers(Engine engine) => FuzzAsync(engine, isAdministrator: false, atLeast: 12);

    [Theory, OnSqlite, OnPostgres]
    public Task Whatever_an_administrator_puts_into_a_form_a_page_answers(Engine engine) => FuzzAsync(engine, isAdministrator: true, atLeast: 20);

    private static async Task FuzzAsync(Engine engine, bool isAdministrator, int atLeast)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        var random = new Random(20260104);
        for (var others = 0; others < 3; others++)
        {
            await (await app.NewActor("other").SignUpAsync()).SignInAsync();
        }

        var browser = await NewBrowserAsync();
        var forms = await CrawlAsync(browser);
        Assert.True(forms.Count >= atLeast, $"Only {forms.Count} forms were found: {string.Join(", ", forms)}");
        var taken = new HashSet<Form>();
        for (var number = 0; number < Messages.Or(500); number++)
        {
            var form = forms[number % forms.Count];
            var token = await browser.TokenAsync();
            var fields = Fill(form, token, random);
            var about = $"message {number}: {form} with {string.Join('&', fields.Select(field => $"{field.Key}={field.Value[..Math.Min(field.Value.Length, 60)]}"))}";
            var page = form.IsPost
                ? await browser.SendAsync(HttpMethod.Post, form.Action, new FormUrlEncodedContent(fields), Elsewhere(number))
                : await browser.SendAsync(HttpMethod.Get, form.Action + "?" + string.Join('&', fields.Select(field => $"{Escaped(field.Key)}={Escaped(field.Value)}")), null, Elsewhere(number));
            Assert.True((int)page.Status < 500, $"{about}: {(int)page.Status} {page.Html}");
            var isFile = page.Answer.Header("Content-Disposition") is not null || page.Answer.Header("Content-Type")?.Contains("json", StringComparison.Ordinal) is true;
            Assert.True(
                page.Status is HttpStatusCode.SeeOther or HttpStatusCode.RequestUriTooLong || isFile || (page.Html.Contains("<main id=\"main\"", StringComparison.Ordinal) && page.Html.Contains("</html>", StringComparison.Ordinal)),
                $"{about}: {(int)page.Status} {page.Html}");
            if (page.Location is { } location)
            {
                Assert.True(location.StartsWith('/') && !location.StartsWith("//", StringComparison.Ordinal), $"{about} leads to {location}");
            }

            if ((int)page.Status < 400)
            {
                taken.Add(form);
            }

            // Whoever has signed out, or has been disabled or deleted, makes room for somebody fresh.
            if (form.IsPost && (await browser.GetAsync(isAdministrator ? "/admin" : "/account/security")).Status is not HttpStatusCode.OK)
            {
                browser = await NewBrowserAsync();
            }
        }

        Assert.True(taken.Count >= forms.Count / 2, $"Only {taken.Count} of {forms.Count} forms were ever taken: {string.Join(", ", taken)}");
        Assert.DoesNotContain(app.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));

        async Task<PageActor> NewBrowserAsync() => await new PageActor(app).SignInAsync(isAdministrator ? await app.NewAdministratorAsync() : await app.NewActor("member").SignUpAsync());
    }

    /// <summary>Follows every link of every page, as long as it leads somewhere new, and gathers the forms; one for each action, whomever it is about.</summary>
    private static async Task<List<Form>> CrawlAsync(PageActor browser)
    {
        var (waiting, known, forms) = (new Queue<string>(["/dashboard", "/login", "/register", "/forgot-password", "/reset-password", "/verify-email", "/logout", "/admin"]), new HashSet<string>(), new Dictionary<string, Form>());
        while (waiting.TryDequeue(out var path) && known.Count < MostPages)
        {
            if (!known.Add(Shape(path)))
            {
                continue;
            }

            var page = await browser.GetAsync(path);
            Assert.True((int)page.Status < 500, $"{path}: {(int)page.Status}");
            foreach (var next in Link().Matches(page.Html).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).Append(page.Location ?? "").Where(next => next.StartsWith('/') && !next.StartsWith("/docs", StringComparison.Ordinal)))
            {
                waiting.Enqueue(next.Split('#')[0]);
            }

            foreach (var form in FormOf().Matches(page.Html).Select(match => Form.Parse(match.Groups[1].Value, match.Groups[2].Value, path)))
            {
                forms.TryAdd(Shape(form.Action) + form.IsPost, form);
            }
        }

        return [.. forms.Values];
    }

    private static List<KeyValuePair<string, string>> Fill(Form form, string token, Random random)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var isPolite = random.Next(3) == 0;
        foreach (var (name, value) in form.Fields.Where(field => field.Name != "_token"))
        {
            if (isPolite || random.Next(8) > 0)
            {
                for (var times = !isPolite && random.Next(8) == 0 ? 2 : 1; times > 0; times--)
                {
                    fields.Add(new(name, isPolite || random.Next(3) == 0 ? Usual(name, value, random) : Values[random.Next(Values.Length)]));
                }
            }
        }

        if (random.Next(6) == 0)
        {
            fields.Add(new(random.Next(3) == 0 ? Values[random.Next(Values.Length)] : "is_admin", Values[random.Next(Values.Length)]));
        }

        if (form.IsPost && random.Next(15) > 0)
        {
            fields.Add(new("_token", random.Next(20) == 0 ? token + "x" : token));
        }

        return fields;
    }

    private static string Usual(string name, string value, Random random) => value.Length > 0 ? value : name switch
    {
        _ when name.Contains("password", StringComparison.Ordinal) => "violet tractor lamp nine",
        "email" => $"fresh{random.Next()}@example.org",
        "username" or "name" => $"fresh{random.Next()}",
        _ => "Alice",
    };

    private static Action<HttpRequestMessage> Elsewhere(int number) => request => request.Headers.Add("X-Forwarded-For", $"10.{number / 60_000 % 250}.{number / 250 % 250}.{number % 250}");

    private static string Escaped(string text) => Uri.EscapeDataString(text.Length > 1000 ? text[..1000] : text);

    /// <summary>The path with every id as one, and without the query: two pages of one kind hold the same forms.</summary>
    private static string Shape(string path) => IdPart().Replace(path.Split('?')[0], "/{id}");

    private sealed record Form(string Action, bool IsPost, IReadOnlyList<(string Name, string Value)> Fields)
    {
        public static Form Parse(string attributes, string inside, string path)
        {
            var fields = Input().Matches(inside).Select(match => (Name: Attribute(match.Value, "name"), Value: Attribute(match.Value, "value") ?? "")).Where(field => field.Name is not null);
            return new((Attribute(attributes, "action") ?? path).Split('#')[0], Attribute(attributes, "method") == "post", [.. fields.Select(field => (field.Name!, field.Value))]);
        }

        private static string? Attribute(string tag, string name) => Regex.Match(tag, $"\\s{name}=\"([^\"]*)\"") is { Success: true } found ? WebUtility.HtmlDecode(found.Groups[1].Value) : null;

        public override string ToString() => $"{(IsPost ? "POST" : "GET")} {Action}";
    }

    [GeneratedRegex("<a [^>]*href=\"([^\"]+)\"")]
    private static partial Regex Link();

    [GeneratedRegex("<form( [^>]*)>(.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex FormOf();

    [GeneratedRegex("<(?:input|select|textarea|button)\\b[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex("/[0-9a-f]{32}")]
    private static partial Regex IdPart();
}
