using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>What script adds: comfort, and nothing that a page needs.</summary>
[Collection(Chromium.Collection)]
public sealed class ComfortTests(Chromium chromium)
{
    [BrowserFact]
    public async Task A_password_can_be_shown_and_hidden()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/login");
        await visitor.TypeAsync("password", "violet");
        var input = visitor.Page.Locator("#password");
        await Expect(input).ToHaveAttributeAsync("type", "password");
        await visitor.PressAsync("Show the password");
        await Expect(input).ToHaveAttributeAsync("type", "text");
        await visitor.PressAsync("Hide the password");
        await Expect(input).ToHaveAttributeAsync("type", "password");
        await Expect(input).ToHaveValueAsync("violet");
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Without_script_no_button_is_shown_that_does_nothing()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script: false);
        await visitor.GoAsync("/register");
        await Expect(visitor.Page.Locator("main button:visible")).ToHaveCountAsync(1);
        await Expect(visitor.Page.Locator("meter")).ToBeHiddenAsync();
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task The_second_password_is_compared_while_it_is_typed()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/register");
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.TypeAsync("password", "violet tractor lamp nine");
        await visitor.TypeAsync("password_again", "violet tractor");
        await visitor.ExpectErrorAsync("password_again", "The two passwords are not the same.");
        await Expect(visitor.Page.Locator("#password_again-error")).ToBeVisibleAsync();
        await visitor.PressAsync("Create the account");
        await visitor.ExpectAtAsync("/register");
        await visitor.TypeAsync("password_again", "violet tractor lamp nine");
        await Expect(visitor.Page.Locator("#password_again-error")).ToBeHiddenAsync();
        await visitor.PressAsync("Create the account");
        await visitor.ExpectAtAsync("/login");
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Without_script_the_server_compares_the_passwords()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script: false);
        await visitor.GoAsync("/register");
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.TypeAsync("password", "violet tractor lamp nine");
        await visitor.TypeAsync("password_again", "violet tractor");
        await visitor.PressAsync("Create the account");
        await visitor.ExpectErrorAsync("password_again", "The two passwords are not the same.");
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task The_meter_rises_with_the_password()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/register");
        var meter = visitor.Page.GetByRole(AriaRole.Meter, new() { Name = "Strength of the password" });
        await Expect(meter).ToBeVisibleAsync();
        async Task<double> ValueOfAsync(string password)
        {
            await visitor.TypeAsync("password", password);
            return double.Parse((await meter.EvaluateAsync<string>("meter => String(meter.value)"))!, System.Globalization.CultureInfo.InvariantCulture);
        }

        var weak = await ValueOfAsync("abc");
        var middling = await ValueOfAsync("abcdefgh12");
        var strong = await ValueOfAsync("violet tractor lamp nine");
        Assert.True(weak < middling && middling < strong, $"{weak}, {middling}, {strong}");
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task A_form_that_is_pressed_twice_is_sent_once_and_says_that_it_is_busy()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app);
        var (sent, gate) = (0, new TaskCompletionSource());
        await visitor.GoAsync("/register");
        await visitor.Page.RouteAsync("**/register", async route =>
        {
            Interlocked.Increment(ref sent);
            await gate.Task;
            await route.ContinueAsync();
        });
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.TypeAsync("password", "violet tractor lamp nine");
        await visitor.TypeAsync("password_again", "violet tractor lamp nine");
        var button = visitor.Page.Locator("main form button.block");
        await button.ScrollIntoViewIfNeededAsync();
        var box = (await button.BoundingBoxAsync())!;
        await visitor.Page.Mouse.DblClickAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await Eventually.IsAsync(() => Task.FromResult(Volatile.Read(ref sent) > 0), "the form was sent");
        gate.SetResult();
        await visitor.ExpectAtAsync("/login");
        await visitor.ExpectFlashAsync("The account was created.");
        Assert.Equal(1, sent);
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task The_first_load_of_the_sign_in_page_stays_under_60_KB()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app);
        var answers = new List<IResponse>();
        visitor.Page.Response += (_, response) => answers.Add(response);
        await visitor.Page.GotoAsync("/login", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var sizes = new List<(string Url, int Bytes)>();
        foreach (var answer in answers)
        {
            sizes.Add((answer.Url, (await answer.BodyAsync()).Length)); // as they are once unpacked
        }

        Assert.Contains(sizes, size => size.Url.Contains("cardea.css", StringComparison.Ordinal));
        Assert.Contains(sizes, size => size.Url.Contains("cardea.js", StringComparison.Ordinal));
        Assert.True(sizes.Sum(size => size.Bytes) + await IconAsync(app) < 60 * 1024, string.Join(", ", sizes));
    }

    /// <summary>A headless browser draws no tab and fetches no icon; a person's does.</summary>
    private static async Task<int> IconAsync(TestApp app)
    {
        var html = await app.Http.GetStringAsync(new Uri("/login", UriKind.Relative));
        var path = html.Split("rel=\"icon\" href=\"")[1].Split('"')[0];
        return (await app.Http.GetByteArrayAsync(new Uri(path, UriKind.Relative))).Length;
    }
}
