using Cardea.Features.Mail;

namespace Cardea.Tests.Features.Mail;

public sealed class MailTemplatesTests : IDisposable
{
    private const string Link = "https://id.example.org/verify-email?token=a-b_c&x=1";

    private readonly DirectoryInfo _overrides = Directory.CreateTempSubdirectory("cardea-templates-");

    public static TheoryData<string> All => [.. MailValues.Of.Keys];

    public void Dispose() => _overrides.Delete(recursive: true);

    [Fact]
    public void The_shipped_templates_have_no_fault() => Assert.Empty(new MailTemplates(null).Check());

    [Theory]
    [MemberData(nameof(All))]
    public void Every_mail_renders_with_all_its_values_and_with_only_the_required(string template)
    {
        var needs = MailValues.Of[template];
        var templates = new MailTemplates(null);
        foreach (var (language, greeting) in new[] { ("en", "Hello Ada,"), ("de", "Guten Tag Ada,") })
        {
            foreach (var values in new[] { Values(template), Values(template, needs.Optional.Append("given_name").Append("footer_note")) })
            {
                var mail = templates.Render(template, language, values);

                Assert.InRange(mail.Subject.Length, 10, 66);
                Assert.DoesNotContain("{{", mail.Subject + mail.Text + mail.Html, StringComparison.Ordinal);
                Assert.DoesNotContain("\n\n\n", mail.Text, StringComparison.Ordinal);
                Assert.Equal(values.ContainsKey("given_name"), mail.Text.Contains(greeting, StringComparison.Ordinal));
                Assert.Contains($"<h1 style=\"margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600;\">{mail.Subject}</h1>", mail.Html, StringComparison.Ordinal);
                foreach (var shown in needs.Required.Append("brand_name").Append("public_url"))
                {
                    Assert.Contains(values[shown], mail.Text, StringComparison.Ordinal);
                    Assert.Contains(values[shown].Replace("&", "&amp;", StringComparison.Ordinal), mail.Html, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void HM_03_Hostile_values_stay_text_on_one_line_and_short(string template)
    {
        var needs = MailValues.Of[template];
        var values = Values(template);
        const string Hostile = "<a href=\"http://evil.example\">x</a>' onload=x {{code}}\r\n\r\nSubject: y\u2028\u202E\0";
        foreach (var name in values.Keys.Where(name => !name.EndsWith("_url", StringComparison.Ordinal) && name != "accent_color").ToList())
        {
            values[name] = Hostile + new string('z', 5000);
        }

        var mail = new MailTemplates(null).Render(template, "en", values);

        Assert.DoesNotContain("<a href=\"http://evil", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("' onload", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('z', 200), mail.Text + mail.Html, StringComparison.Ordinal);
        foreach (var part in new[] { mail.Subject, mail.Text.Replace('\n', ' '), mail.Html.Replace('\n', ' ') })
        {
            Assert.DoesNotContain(part, c => char.IsControl(c) || c is '\u2028' or '\u202E');
        }

        Assert.DoesNotContain("\nSubject:", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.com")]
    [InlineData("https://evil.com")]
    [InlineData("bob <b>x</b>")]
    public void HM_03_A_name_that_is_a_link_is_not_greeted(string name)
    {
        var values = Values("verify-email");
        values["given_name"] = name;

        var mail = new MailTemplates(null).Render("verify-email", "en", values);

        Assert.DoesNotContain("Hello", mail.Text + mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", mail.Text + mail.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void HM_03_A_device_and_a_new_address_are_shown_without_anything_to_link()
    {
        var notice = Values("sign-in-notice");
        notice["device"] = "https://evil.com/login";
        notice["address"] = "evil.com";
        var change = Values("change-email-notice");
        change["new_email_masked"] = "eve@evil.com";
        var templates = new MailTemplates(null);

        foreach (var mail in new[] { templates.Render("sign-in-notice", "en", notice), templates.Render("change-email-notice", "en", change) })
        {
            Assert.DoesNotContain("evil.com", mail.Text + mail.Html, StringComparison.Ordinal);
        }

        Assert.Contains("e***@e***.com", templates.Render("change-email-notice", "en", change).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("//evil.example/x")]
    [InlineData("/verify-email")]
    [InlineData("https://id.example.org/\r\nx")]
    [InlineData("https://id.example.org/\"onclick=x")]
    [InlineData("https://id.example.org@evil.example/")]
    [InlineData("ftp://id.example.org/")]
    public void HM_03_A_link_is_an_absolute_web_address(string url)
    {
        var values = Values("verify-email");
        values["link_url"] = url;

        Assert.Throws<ArgumentException>(() => new MailTemplates(null).Render("verify-email", "en", values));
    }

    [Fact]
    public void A_long_link_of_ours_is_not_cut()
    {
        var values = Values("verify-email");
        values["link_url"] = "https://id.example.org/?t=" + new string('a', 1000);

        Assert.Contains(values["link_url"], new MailTemplates(null).Render("verify-email", "en", values).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_an_unknown_and_a_wrong_value_are_the_callers_mistake()
    {
        var templates = new MailTemplates(null);
        var missing = Values("reset-link", ["link_url"]);
        var unknown = Values("reset-link");
        unknown["link_uri"] = "x";
        var color = Values("reset-link");
        color["accent_color"] = "red;background:url(x)";

        Assert.All([missing, unknown, color], values => Assert.Throws<ArgumentException>(() => templates.Render("reset-link", "en", values)));
        Assert.Throws<ArgumentException>(() => templates.Render("no-such-mail", "en", Values("reset-link")));
    }

    [Theory]
    [InlineData("#1f5fbf", "#ffffff")]
    [InlineData("#ffd400", "#000000")]
    [InlineData("#000000", "#ffffff")]
    public void The_buttons_text_stands_out_against_its_color(string accent, string text) => Assert.Equal(text, MailValues.TextColorOn(accent));

    [Fact]
    public void An_operators_file_replaces_the_shipped_one_and_no_other()
    {
        Write("reset-link.en.txt", "\uFEFFSubject: New password at {{brand_name}}\r\n\r\nGo to {{link_url}} soon.\r\n");
        Write("README.md", "notes {{whatever}}");

        var templates = new MailTemplates(_overrides.FullName);

        Assert.Empty(templates.Check());
        var mail = templates.Render("reset-link", "en", Values("reset-link"));
        Assert.Equal("New password at Acme & Co", mail.Subject);
        Assert.Contains($"Go to {Link} soon.", mail.Text, StringComparison.Ordinal);
        Assert.Contains("New password at Acme &amp; Co</h1>", mail.Html, StringComparison.Ordinal);
        Assert.Contains("Choose a new password</a>", mail.Html, StringComparison.Ordinal);
        Assert.Equal("Your account was deleted", templates.Render("account-deleted", "en", Values("account-deleted")).Subject);
    }

    [Fact]
    public void A_mail_is_in_the_readers_language_or_in_English()
    {
        Write("reset-link.de.txt", "Subject: Neues Passwort\n\n{{link_url}}\n");
        Write("reset-link.de.html", "<p>{{link_url}}</p>");

        var templates = new MailTemplates(_overrides.FullName);

        Assert.Empty(templates.Check());
        Assert.Equal("Neues Passwort", templates.Render("reset-link", "de-CH", Values("reset-link")).Subject);
        Assert.Contains("<html lang=\"de\">", templates.Render("reset-link", "DE", Values("reset-link")).Html, StringComparison.Ordinal);
        foreach (var other in new[] { "fr", "", "-", "../../x", "de.txt" })
        {
            Assert.Equal("Choose a new password", templates.Render("reset-link", other, Values("reset-link")).Subject);
        }
    }

    [Theory]
    [InlineData("reset-link.en.txt", "Subject: x\n\n{{link_url}} {{user_agent}}", "unknown placeholder {{user_agent}}")]
    [InlineData("reset-link.en.txt", "Subject: {{nobody}}\n\n{{link_url}}", "unknown placeholder {{nobody}}")]
    [InlineData("reset-link.en.txt", "Subject: x\n\n{{#code}}{{/code}}{{link_url}}", "unknown placeholder {{code}}")]
    [InlineData("reset-link.en.txt", "{{link_url}}", "the first line must be \"Subject: …\"")]
    [InlineData("reset-link.en.txt", "Subject:  \n{{link_url}}", "the first line must be \"Subject: …\"")]
    [InlineData("reset-link.en.txt", "Subject: x\n\nGo there.", "never shows {{link_url}}")]
    [InlineData("reset-link.en.html", "<p>{{#link_url}}yes{{/link_url}}</p>", "never shows {{link_url}}")]
    [InlineData("reset-code.en.html", "<p>none</p>", "never shows {{code}}")]
    [InlineData("layout.en.html", "<html></html>", "never shows {{content}}")]
    [InlineData("reset-link.en.html", "{{link_url}}\n{{#given_name}}x", "{{#given_name}} is never closed")]
    [InlineData("reset-link.en.html", "{{link_url}}\n{{/given_name}}", "line 2: {{/given_name}} closes a block")]
    [InlineData("reset-link.en.html", "{{link_url}}{{{code}}}", "line 1: \"{{\" does not begin")]
    [InlineData("reset-link.en.html", "{{link_url}}{{ unless x }}", "line 1: \"{{\" does not begin")]
    [InlineData("reset-link.en.html", "{{link_url", "line 1: \"{{\" does not begin")]
    [InlineData("reset_link.en.txt", "Subject: x", "no mail has this name")]
    [InlineData("reset-link.txt", "Subject: x\n{{link_url}}", "no mail has this name")]
    [InlineData("reset-link.fr.txt", "Subject: x\n{{link_url}}", "needs reset-link.fr.html beside it")]
    public void A_broken_template_is_a_fault_at_start(string file, string content, string fault)
    {
        Write(file, content);

        var found = Assert.Single(new MailTemplates(_overrides.FullName).Check());

        Assert.StartsWith(file, found, StringComparison.Ordinal);
        Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_not_text_too_large_or_not_there_are_faults_at_start()
    {
        File.WriteAllBytes(Path.Combine(_overrides.FullName, "reset-link.en.html"), [0xFF, 0xFE, 0x00]);
        Write("layout.en.html", "{{content}}" + new string('x', 300_000));
        File.CreateSymbolicLink(Path.Combine(_overrides.FullName, "reset-code.en.txt"), "/nonexistent/file");

        var faults = new MailTemplates(_overrides.FullName).Check();

        Assert.Equal(3, faults.Count);
        Assert.Single(new MailTemplates("/nonexistent").Check());
    }

    private static Dictionary<string, string> Values(string template, IEnumerable<string>? without = null)
    {
        var all = new Dictionary<string, string>
        {
            ["brand_name"] = "Acme & Co",
            ["accent_color"] = "#1f5fbf",
            ["public_url"] = "https://id.example.org",
            ["footer_note"] = "Acme Ltd, 1 Main Street",
            ["given_name"] = "Ada",
            ["link_url"] = Link,
            ["link_hours"] = "24",
            ["link_minutes"] = "30",
            ["code"] = "482913",
            ["code_minutes"] = "10",
            ["days"] = "7",
            ["minutes"] = "15",
            ["temporary_password"] = "kestrel-otter-71",
            ["new_email_masked"] = "b***@m***.org",
            ["sign_in_url"] = "https://id.example.org/login",
            ["reset_url"] = "https://id.example.org/forgot-password",
            ["time"] = "1 March 2026, 07:05 UTC",
            ["address"] = "203.0.113.7",
            ["device"] = "Firefox on Windows",
            ["what"] = "An authenticator app was set up.",
            ["left"] = "7",
            ["old_email_masked"] = "a***@o***.org",
        };
        var needs = MailValues.Of[template];
        return all.Where(value => needs.All.Contains(value.Key) && without?.Contains(value.Key) != true).ToDictionary();
    }

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_overrides.FullName, name), content);
}
