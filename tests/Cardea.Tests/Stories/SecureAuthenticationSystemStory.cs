using Cardea.Foundation.Data;
using Cardea.Tests.Browser;
using Cardea.Tests.Harness;
using Microsoft.Data.Sqlite;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "Secure-Authentication-System": names, a cookie session, a protected dashboard, and messages that show once.</summary>
[Collection(Chromium.Collection)]
public sealed class SecureAuthenticationSystemStory(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Ravi_registers_with_his_names_and_finds_his_dashboard_behind_a_cookie(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var ravi = await chromium.VisitAsync(app, script);
        await ravi.GoAsync("/dashboard.html");
        await ravi.ExpectAtAsync("/login");
        await ravi.GoAsync("/Sign");
        await ravi.ExpectAtAsync("/register");
        await RegisterAsync(ravi);
        await ravi.ExpectAtAsync("/login");
        await ravi.ExpectFlashAsync("The account was created.");
        await ravi.SignInAsync("ravi@example.org", "something else entirely");
        await Expect(ravi.Page.Locator("main .flash.error")).ToBeVisibleAsync();
        await ravi.SignInAsync("ravi@example.org", Password);
        await ravi.ExpectAtAsync("/dashboard");
        await Expect(ravi.Main).ToContainTextAsync("Hello Ravi");
        await Expect(ravi.Flash).ToHaveCountAsync(0);

        var cookie = (await ravi.Context.CookiesAsync()).Single(one => one.Name == "cardea");
        Assert.True(cookie.HttpOnly);
        await ravi.FollowAsync("Profile");
        Assert.Equal(("Ravi", "Menon"), (await ravi.TypedAsync("given_name"), await ravi.TypedAsync("family_name")));

        await ravi.Page.Locator("header").GetByText("Sign out").ClickAsync();
        await ravi.ExpectFlashAsync("You are signed out.");
        await ravi.Context.AddCookiesAsync([new() { Name = cookie.Name, Value = cookie.Value, Url = app.Address.ToString(), HttpOnly = true }]);
        await ravi.GoAsync("/dashboard");
        await ravi.ExpectAtAsync("/login"); // the old cookie opens nothing
        ravi.ExpectNoFault();
    }

    [BrowserFact]
    public async Task A_taken_address_is_told_beside_its_field_and_the_database_itself_refuses_it()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var ravi = await chromium.VisitAsync(app);
        await ravi.GoAsync("/register");
        await RegisterAsync(ravi);
        await ravi.ExpectAtAsync("/login");
        await ravi.GoAsync("/register");
        await RegisterAsync(ravi);
        await Expect(ravi.Page.Locator("#email-error")).ToBeVisibleAsync();
        Assert.Equal(("ravi@example.org", "Menon", ""), (await ravi.TypedAsync("email"), await ravi.TypedAsync("family_name"), await ravi.TypedAsync("password")));

        var columns = await app.Database.QueryAsync<string>("SELECT name FROM pragma_table_info('accounts') WHERE name <> 'id'");
        var list = string.Join(", ", columns);
        var refusal = await Assert.ThrowsAsync<SqliteException>(() => app.Database.ExecuteAsync($"INSERT INTO accounts (id, {list}) SELECT 'another', {list} FROM accounts"));
        Assert.Contains("UNIQUE", refusal.Message, StringComparison.Ordinal);
        ravi.ExpectNoFault();
    }

    [BrowserFact]
    public async Task A_name_that_looks_like_SQL_or_HTML_is_a_name()
    {
        const string Name = "Robert'); DROP TABLE accounts;-- <b>x</b>";
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var ravi = await chromium.VisitAsync(app);
        await ravi.GoAsync("/register");
        await RegisterAsync(ravi, Name);
        await ravi.ExpectAtAsync("/login");
        await ravi.SignInAsync("ravi@example.org", Password);
        await Expect(ravi.Main.Locator("h1")).ToHaveTextAsync("Hello " + Name);
        ravi.ExpectNoFault();
    }

    private static async Task RegisterAsync(Visitor visitor, string name = "Ravi")
    {
        await visitor.TypeAsync("email", "ravi@example.org");
        await visitor.TypeAsync("given_name", name);
        await visitor.TypeAsync("family_name", "Menon");
        await visitor.TypeAsync("password", Password);
        await visitor.TypeAsync("password_again", Password);
        await visitor.PressAsync("Create the account");
    }
}
