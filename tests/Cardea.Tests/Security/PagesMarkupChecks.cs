using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>
/// What people write is text on every page. A page is taken apart into its elements and the names of their attributes: whatever was written
/// into it, they are those of the same page with a harmless word in its place.
/// </summary>
public sealed partial class PagesMarkupChecks
{
    private static readonly string[] Markup =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>", "</title><script>alert(1)</script>", "</textarea><b>", "-->", "<!--", "]]>", "&lt;b&gt;&amp;", "&#60;b&#62;",
        "\" autofocus onfocus=alert(1) x=\"", "' onmouseover='alert(1)", "javascript:alert(1)", "<iframe srcdoc='<script>alert(1)</script>'>", "{{constructor.constructor('alert(1)')()}}", "@alert", "<base href=//evil.example>",
        "</pre></section></main></body></html><h1>", "<a href=\"javascript:alert(1)\">x</a>", "%3Cscript%3E", "＜script＞", "\u202e<b>", "<math><mtext></form><form>", "`${alert(1)}`",
    ];

    private static string? Vectors => Environment.GetEnvironmentVariable("CARDEA_TEST_VECTORS");

    [Fact]
    public Task HD_05_Markup_in_what_people_write_is_text_on_every_page() => CheckAsync(Markup);

    [NaughtyStringsFact]
    public Task HD_05_No_string_of_the_big_list_of_naughty_strings_becomes_markup() =>
        CheckAsync(JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(Vectors!, "blns", "blns.json")))!);

    [Fact]
    public async Task HD_05_A_mail_is_shown_where_nothing_in_it_can_run()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await app.NewActor("alice").SignUpAsync();
        var mail = await app.LastMailToAsync(alice.Email);
        const string Body = "<script>alert(1)</script>";
        var browser = new PageActor(app);
        var (plain, list) = (Skeleton(await browser.GetAsync("/dev/mail/" + mail.Id)), Skeleton(await browser.GetAsync("/dev/mail")));
        await app.Database.ExecuteAsync("UPDATE mailbox SET subject = @Body, body_text = @Body, body_html = @Body, recipient = @Body", new { Body });
        var page = await browser.GetAsync("/dev/mail/" + mail.Id);
        Assert.Equal(plain, Skeleton(page));
        Assert.Matches($"<iframe[^>]* sandbox=\"allow-popups\"[^>]* src=\"/dev/mail/{mail.Id}/html\"", page.Html);
        Assert.DoesNotContain("srcdoc", page.Html, StringComparison.Ordinal);
        var frame = await browser.GetAsync($"/dev/mail/{mail.Id}/html");
        Assert.Equal(Body, frame.Html);
        var policy = frame.Answer.Header("Content-Security-Policy")!;
        Assert.Contains("sandbox allow-popups", policy, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-same-origin", policy, StringComparison.Ordinal);
        var listed = await browser.GetAsync("/dev/mail");
        Assert.Equal(list, Skeleton(listed));
        Assert.Contains("&lt;script&gt;", listed.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(Body, listed.Html, StringComparison.Ordinal);
    }

    private static async Task CheckAsync(string[] strings)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = new PageActor(app);
        var token = await browser.TokenAsync();
        var signedIn = await new PageActor(app).SignInAsync(alice);
        var admin = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var mail = await app.LastMailToAsync(alice.Email);
        var expected = await ReadAsync("harmless word");
        Assert.All(expected, page => Assert.Contains("main", page.Value, StringComparison.Ordinal));
        foreach (var text in strings)
        {
            foreach (var (name, skeleton) in await ReadAsync(text))
            {
                Assert.True(expected[name] == skeleton, $"{name} was made another page by {JsonSerializer.Serialize(text)}");
            }
        }

        async Task<Dictionary<string, string>> ReadAsync(string text)
        {
            await app.ChangeAccountAsync(alice, "given_name = @text, family_name = @text, username = @text", new { text });
            await app.Database.ExecuteAsync("UPDATE mailbox SET subject = @text, body_text = @text, recipient = @text, code = @text", new { text });
            await app.Database.ExecuteAsync("UPDATE outbox SET recipient = @text, last_error = @text", new { text });
            await app.Database.ExecuteAsync("UPDATE audit_events SET user_agent = @text, address = @text", new { text });
            await app.Database.ExecuteAsync("UPDATE sessions SET address = @text, user_agent = @text", new { text });
            var escaped = Escaped(text);
            return new()
            {
                ["dashboard"] = Skeleton(await signedIn.GetAsync("/dashboard")),
                ["profile"] = Skeleton(await signedIn.GetAsync("/account/profile")),
                ["sessions"] = Skeleton(await signedIn.GetAsync("/account/sessions")),
                ["accounts, for administrators"] = Skeleton(await admin.GetAsync("/admin/users?query=alice")),
                ["account, for administrators"] = Skeleton(await admin.GetAsync("/admin/users/" + alice.Id)),
                ["audit log"] = Skeleton(await admin.GetAsync("/admin/audit?account=" + alice.Id)),
                ["outbox"] = Skeleton(await admin.GetAsync("/admin/mail?status=sent")),
                ["mailbox"] = Skeleton(await browser.GetAsync("/dev/mail")),
                ["mail"] = Skeleton(await browser.GetAsync("/dev/mail/" + mail.Id)),
                ["sign-in"] = Skeleton(await browser.PostAsync("/login", token, [("login", text + " \u0001"), ("password", ""), ("return_url", text)])),
                ["forgotten"] = Skeleton(await browser.PostAsync("/forgot-password", token, [("login", text + " \u0001")])),
                ["registration"] = Skeleton(await browser.PostAsync("/register", token, [("email", text + " \u0001"), ("username", text + " \u0001"), ("given_name", text + " \u0001"), ("family_name", text + " \u0001"), ("password", "")])),
                ["confirmation"] = Skeleton(await browser.PostAsync("/verify-email/send", token, [("email", text + " \u0001")])),
                ["link"] = Skeleton(await browser.GetAsync("/login?return_url=" + escaped)),
                ["nowhere"] = Skeleton(await browser.GetAsync("/nowhere/?" + escaped)),
            };
        }
    }

    private static string Escaped(string text) => string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Take(500).Select(one => $"%{one:x2}"));

    /// <summary>Elements and the names of their attributes, in order. What stands between may hold no tag's beginning.</summary>
    private static string Skeleton(Page page)
    {
        Assert.DoesNotContain('<', Tag().Replace(page.Html, ""));
        return $"{(int)page.Status} " + string.Join(' ', Tag().Matches(page.Html).Select(tag => tag.Groups[1].Value + string.Concat(Attribute().Matches(tag.Groups[2].Value).Select(attribute => "." + attribute.Groups[1].Value))));
    }

    [GeneratedRegex("<(/?[a-zA-Z!][a-zA-Z0-9]*)((?:\\s+[a-zA-Z-]+(?:=\"[^\"<>]*\")?)*)\\s*/?>")]
    private static partial Regex Tag();

    [GeneratedRegex("([a-zA-Z-]+)(?:=\"[^\"]*\")?")]
    private static partial Regex Attribute();

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class NaughtyStringsFactAttribute : FactAttribute
    {
        public NaughtyStringsFactAttribute() => Skip = string.IsNullOrEmpty(Vectors) ? "Set CARDEA_TEST_VECTORS to a folder that contains blns/ to run this." : null;
    }
}
