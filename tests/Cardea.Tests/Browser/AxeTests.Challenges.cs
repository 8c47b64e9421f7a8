using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

public sealed partial class AxeTests
{
    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_page_that_works_and_the_page_that_asks_to_wait_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        await using var visitor = await VisitAsync(app, language);
        await visitor.GoAsync("/login");
        var gate = new TaskCompletionSource();
        await visitor.Page.RouteAsync("**/auth/challenge**", async route =>
        {
            await gate.Task;
            await route.FulfillAsync(new() { Status = 503 });
        });
        await FillAsync(visitor, ("login", "anna@example.org"), ("password", Password));
        await visitor.Main.Locator("form[action='/login'] button.block").ClickAsync();
        await Expect(visitor.Main.GetByRole(AriaRole.Status)).Not.ToBeEmptyAsync();
        await LookAsync(visitor, "login-working");
        await visitor.LeaveAsync(() =>
        {
            gate.SetResult();
            return Task.CompletedTask;
        });
        await Expect(visitor.Page.Locator("main .status")).ToHaveTextAsync("403");
        await LookAsync(visitor, "challenge-unsolved");
        Assert.Empty(_violations);
    }
}
