using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>
/// Every page, with its faults and its empty states, in both languages, light and dark, wide and narrow: axe finds nothing against WCAG 2.2
/// A and AA, and nothing is wider than the screen. <c>CARDEA_SCREENSHOTS=folder</c> keeps a picture of each.
/// </summary>
[Collection(Chromium.Collection)]
public sealed partial class AxeTests(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    private const string Look =
        """
        async (whole) => {
          const found = await axe.run(document, { iframes: false, resultTypes: ["violations"],
            runOnly: whole ? { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] } : { type: "rule", values: ["color-contrast"] } });
          return JSON.stringify({ rules: found.passes.length, found: found.violations.map(one => one.id + ": " + one.nodes.map(node => node.html + " " + node.failureSummary).join(" | ")) });
        }
        """;

    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CARDEA_SCREENSHOTS");

    private readonly List<string> _violations = [];
    private string _language = "en";

    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_for_everybody_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await VisitAsync(app, language);
        await visitor.GoAsync("/login");
        await LookAsync(visitor, "login");
        await visitor.SignInAnyLanguageAsync("nobody@example.org", Password);
        await LookAsync(visitor, "login-refused");
        await visitor.GoAsync("/register");
        await LookAsync(visitor, "register");
        await FillAsync(visitor, ("email", "anna@example.org"), ("username", "not good!"), ("password", "password123"), ("password_again", "password123"));
        await SendAsync(visitor);
        await LookAsync(visitor, "register-refused");
        await FillAsync(visitor, ("username", "anna"), ("password", Password), ("password_again", Password));
        await SendAsync(visitor);
        await visitor.ExpectAtAsync("/login");
        await LookAsync(visitor, "login-after-register");

        await visitor.GoAsync("/verify-email");
        await LookAsync(visitor, "verify-code");
        await FillAsync(visitor, ("email", "anna@example.org"), ("code", "12345"));
        await SendAsync(visitor);
        await LookAsync(visitor, "verify-code-refused");
        await visitor.Context.ClearCookiesAsync(new() { Name = "cardea-asked-code" });
        await visitor.GoAsync("/verify-email");
        await LookAsync(visitor, "verify");
        await visitor.GoAsync("/verify-email?token=unknown");
        await LookAsync(visitor, "verify-link");
        await SendAsync(visitor);
        await LookAsync(visitor, "verify-refused");
        await visitor.GoAsync("/forgot-password");
        await LookAsync(visitor, "forgot");
        await FillAsync(visitor, ("login", "anna"));
        await SendAsync(visitor);
        await Expect(visitor.Page.Locator("#login")).ToHaveCountAsync(0);
        await LookAsync(visitor, "forgot-sent");
        await visitor.GoAsync("/reset-password");
        await LookAsync(visitor, "reset");
        await visitor.GoAsync("/reset-password?token=unknown");
        await LookAsync(visitor, "reset-link");
        await FillAsync(visitor, ("password", Password), ("password_again", Password));
        await SendAsync(visitor);
        await Expect(visitor.Flash).ToBeVisibleAsync();
        await LookAsync(visitor, "reset-refused");

        await visitor.GoAsync("/dev/mail");
        await LookAsync(visitor, "mailbox");
        await visitor.Page.Locator("main li strong a").First.ClickAsync();
        await visitor.Page.WaitForURLAsync("**/dev/mail/*");
        await LookAsync(visitor, "mail");

        await visitor.GoAsync("/nowhere");
        await LookAsync(visitor, "not-found");
        await visitor.GoAsync("about:blank");
        await visitor.Page.SetContentAsync($"<form method=post action='{app.Address}login'><button>x</button></form>");
        await visitor.Page.Locator("button").ClickAsync();
        await Expect(visitor.Page.Locator("main .status")).ToHaveTextAsync("403");
        await LookAsync(visitor, "foreign-form");
        await app.Database.ExecuteAsync("ALTER TABLE mailbox RENAME TO gone");
        await visitor.GoAsync("/dev/mail");
        await Expect(visitor.Page.Locator("main .status")).ToHaveTextAsync("500");
        await LookAsync(visitor, "fault");
        Assert.Empty(_violations);
    }

    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_the_other_recoveries_are_accessible(string language)
    {
        await using (var app = await TestApp.StartAsync(Engine.Sqlite, ("Recovery:Method", "code")))
        {
            await using var visitor = await VisitAsync(app, language);
            await visitor.GoAsync("/forgot-password");
            await FillAsync(visitor, ("login", "anna"));
            await SendAsync(visitor);
            await LookAsync(visitor, "forgot-sent-code");
            await visitor.GoAsync("/reset-password");
            await LookAsync(visitor, "reset-code");
            await FillAsync(visitor, ("email", "anna@example.org"), ("code", "123456"), ("password", Password), ("password_again", Password));
            await SendAsync(visitor);
            await LookAsync(visitor, "reset-code-refused");
        }

        await using (var app = await TestApp.StartAsync(Engine.Sqlite, ("Recovery:Method", "temporary-password")))
        {
            await using var visitor = await VisitAsync(app, language);
            var owner = await app.NewActor("anna").SignUpAsync();
            await visitor.GoAsync("/forgot-password");
            await FillAsync(visitor, ("login", owner.Email));
            await SendAsync(visitor);
            await LookAsync(visitor, "forgot-sent-password");
            await visitor.SignInAnyLanguageAsync(owner.Email, (await app.LastMailToAsync(owner.Email)).Code!);
            await visitor.ExpectAtAsync("/reset-password");
            await LookAsync(visitor, "reset-change");
        }

        Assert.Empty(_violations);
    }

    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_an_account_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Sessions:MaxPerAccount", "2"));
        await using var visitor = await VisitAsync(app, language);
        await using var other = await VisitAsync(app, language);
        var owner = app.NewActor("anna.weiss");
        owner.Username = owner.Name;
        await owner.SignUpAsync();
        await visitor.SignInAnyLanguageAsync(owner.Email, Password);
        await visitor.ExpectAtAsync("/dashboard");
        await LookAsync(visitor, "dashboard-new");
        await (await owner.VerifyAsync()).SignInAsync();
        (await owner.PatchAsync("/users/me", new { given_name = "Anna", family_name = "Weiß" })).Expect(HttpStatusCode.OK);
        await visitor.GoAsync("/dashboard");
        await LookAsync(visitor, "dashboard");
        await other.SignInAnyLanguageAsync(owner.Email, Password);
        await Expect(other.Page.Locator("button[name=replace]")).ToBeVisibleAsync();
        await LookAsync(other, "session-active");

        await visitor.GoAsync("/account/profile");
        await LookAsync(visitor, "profile");
        await FillAsync(visitor, ("username", "a"));
        await SendAsync(visitor);
        await LookAsync(visitor, "profile-refused");
        await visitor.GoAsync("/account/security");
        await LookAsync(visitor, "security");
        await FillAsync(visitor, ("current_password", "not the password"), ("new_password", Password), ("new_password_again", Password));
        await SendAsync(visitor);
        await LookAsync(visitor, "security-refused");
        await visitor.Page.Locator("summary").ClickAsync();
        await FillAsync(visitor, ("password", "not the password"));
        await visitor.LeaveAsync(() => visitor.Page.Locator("main button.danger").ClickAsync());
        await Expect(visitor.Page.Locator("#password-error")).ToBeVisibleAsync();
        await LookAsync(visitor, "deletion-refused");
        await visitor.GoAsync("/account/sessions");
        await LookAsync(visitor, "sessions");
        await visitor.GoAsync("/logout");
        await LookAsync(visitor, "sign-out");
        Assert.Empty(_violations);
    }

    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_what_is_mailed_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:MailedCode", "always"), ("SignIn:NotifyByMail", "always"), ("Sessions:MaxPerAccount", "1"));
        await using var visitor = await VisitAsync(app, language);
        var owner = await (await app.NewActor("anna.weiss").SignUpAsync()).VerifyAsync();
        await owner.TryCodeAsync(await app.CodeAsync(owner)); // a session that is in the way
        await visitor.GoAsync("/login");
        await LookAsync(visitor, "login-ways");
        await visitor.GoAsync("/login/code");
        await LookAsync(visitor, "code-ask");
        await FillAsync(visitor, ("email", owner.Email));
        await SendAsync(visitor);
        await Expect(visitor.Page.Locator("#code")).ToBeVisibleAsync();
        await LookAsync(visitor, "code-asked");
        await FillAsync(visitor, ("code", "000000"));
        await SendAsync(visitor);
        await LookAsync(visitor, "code-refused");
        await FillAsync(visitor, ("code", (await CodeOfAsync(app, owner))!));
        await SendAsync(visitor);
        await Expect(visitor.Page.Locator("button[name=replace]")).ToBeVisibleAsync();
        await LookAsync(visitor, "code-session-active");

        await visitor.GoAsync("/login/link");
        await LookAsync(visitor, "link-ask");
        await FillAsync(visitor, ("email", owner.Email));
        await SendAsync(visitor);
        await LookAsync(visitor, "link-asked");
        await visitor.GoAsync(await LinkOfAsync(app, owner, "/login/link"));
        await LookAsync(visitor, "link");
        await SendAsync(visitor);
        await Expect(visitor.Page.Locator("button[name=replace]")).ToBeVisibleAsync();
        await LookAsync(visitor, "link-session-active");
        await visitor.GoAsync("/login/link?token=unknown");
        await LookAsync(visitor, "link-over");
        await visitor.SignInAnyLanguageAsync(owner.Email, Password);
        await visitor.ExpectAtAsync("/login/second-step");
        await LookAsync(visitor, "second-step-mailed");

        await visitor.GoAsync("/not-me");
        await LookAsync(visitor, "not-me-empty");
        await visitor.GoAsync("/not-me?token=unknown");
        await LookAsync(visitor, "not-me-over");
        await visitor.GoAsync(await LinkOfAsync(app, owner, "/not-me"));
        await LookAsync(visitor, "not-me");
        await SendAsync(visitor);
        await visitor.ExpectAtAsync("/reset-password");
        await LookAsync(visitor, "not-me-done");

        owner.AccessToken = (await owner.TryCodeAsync(await app.CodeAsync(owner), replace: true)).Member("access_token");
        await owner.PatchAsync("/users/me", new { email = "new-" + owner.Email });
        await visitor.GoAsync("/undo-email-change?token=unknown");
        await LookAsync(visitor, "undo-over");
        await visitor.GoAsync(await LinkOfAsync(app, owner, "/undo-email-change"));
        await LookAsync(visitor, "undo");
        Assert.Empty(_violations);
    }

    private static async Task<string?> CodeOfAsync(TestApp app, Actor owner) => (await app.MailsToAsync(owner.Email)).First(mail => mail.Code is not null).Code;

    private static async Task<string> LinkOfAsync(TestApp app, Actor owner, string path) => new Uri((await app.MailsToAsync(owner.Email)).SelectMany(mail => mail.Links).First(link => link.Contains(path, StringComparison.Ordinal))).PathAndQuery;

    /// <summary>The pages' own policy lets no script in but ours, so it is lifted for axe, here and in no other test.</summary>
    private async Task<Visitor> VisitAsync(TestApp app, string language)
    {
        _language = language;
        var visitor = await chromium.VisitAsync(app, change: options => options.BypassCSP = true);
        await visitor.Context.AddCookiesAsync([new() { Name = "cardea-language", Value = language, Url = app.Address.ToString() }]);
        return visitor;
    }

    private async Task LookAsync(Visitor visitor, string name)
    {
        Assert.Equal(_language, await visitor.Page.Locator("html").GetAttributeAsync("lang"));
        await visitor.Page.EvaluateAsync(await File.ReadAllTextAsync(Chromium.AxePath));
        // The other scheme at the same width differs in its colours only.
        foreach (var (width, scheme, whole) in new[] { (1280, ColorScheme.Light, true), (1280, ColorScheme.Dark, false), (390, ColorScheme.Dark, true), (390, ColorScheme.Light, false) })
        {
            await visitor.Page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            await visitor.Page.SetViewportSizeAsync(width, width == 390 ? 844 : 900);
            var widest = await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            if (widest > width)
            {
                _violations.Add($"{name} at {width}: {widest} px wide");
            }

            var told = JsonSerializer.Deserialize<JsonElement>(await visitor.Page.EvaluateAsync<string>(Look, whole));
            Assert.True(told.GetProperty("rules").GetInt32() + told.GetProperty("found").GetArrayLength() >= (whole ? 10 : 1), "axe looked at nothing");
            _violations.AddRange(told.GetProperty("found").EnumerateArray().Select(one => $"{name} {scheme} {width}: {one.GetString()}"));
            if (Pictures is not null)
            {
                Directory.CreateDirectory(Pictures);
                await visitor.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{name}-{_language}-{width}-{scheme.ToString().ToLowerInvariant()}.png"), FullPage = true });
            }
        }
    }

    private static async Task FillAsync(Visitor visitor, params (string Field, string Text)[] values)
    {
        foreach (var (field, text) in values)
        {
            await visitor.TypeAsync(field, text);
        }
    }

    /// <summary>Sends the first form of the page, whatever its button is called, and waits for the answer.</summary>
    private static Task SendAsync(Visitor visitor) =>
        visitor.LeaveAsync(() => visitor.Page.Locator("main form button:not(.reveal)").First.ClickAsync());
}
