using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

public sealed partial class AxeTests
{
    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_viewing_as_somebody_else_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Admin:Impersonation", "true"));
        await using var visitor = await VisitAsync(app, language);
        var root = await app.NewAdministratorAsync();
        var owner = app.NewActor("annegret.von-und-zu-hohenstein.weiss");
        await (await owner.SignUpAsync()).SignInAsync();
        await Authenticator.SetUpAsync(app, owner);
        await visitor.SignInAnyLanguageAsync(root.Email, root.Password);
        await visitor.ExpectAtAsync("/dashboard");
        await visitor.GoAsync("/admin/users/" + owner.Id);
        foreach (var summary in await visitor.Page.Locator("main summary").AllAsync())
        {
            await summary.ClickAsync();
        }

        await LookAsync(visitor, "view-as-asks");
        await visitor.LeaveAsync(() => visitor.Page.Locator("form[action$='/view-as'] button").ClickAsync());
        await visitor.ExpectAtAsync("/dashboard");
        await Expect(visitor.Page.Locator(".viewing")).ToContainTextAsync(owner.Email);
        await LookAsync(visitor, "view-as-dashboard");
        foreach (var path in new[] { "profile", "security", "sessions" })
        {
            await visitor.GoAsync("/account/" + path);
            await Expect(visitor.Page.Locator(".viewing")).ToContainTextAsync(owner.Email);
            await LookAsync(visitor, "view-as-" + path);
        }

        await visitor.GoAsync("/account/profile");
        await visitor.LeaveAsync(() => visitor.Page.Locator("form[action='/account/profile'] button").First.ClickAsync());
        await Expect(visitor.Page.Locator("main .status")).ToHaveTextAsync("403");
        await LookAsync(visitor, "view-as-refused");
        await visitor.LeaveAsync(() => visitor.Page.Locator(".viewing a").ClickAsync());
        await visitor.ExpectAtAsync("/stop-viewing");
        await LookAsync(visitor, "view-as-stop");
        await visitor.LeaveAsync(() => visitor.Page.Locator("main form button").ClickAsync());
        await visitor.ExpectAtAsync("/admin/users/" + owner.Id);
        await Expect(visitor.Page.Locator(".viewing")).ToHaveCountAsync(0);
        await visitor.Page.Locator("details:has(form[action$='/reset-factors']) summary").ClickAsync();
        await visitor.LeaveAsync(() => visitor.Page.Locator("form[action$='/reset-factors'] button").ClickAsync());
        await Expect(visitor.Flash).ToBeVisibleAsync();
        await LookAsync(visitor, "factors-reset");
        (await owner.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        Assert.Empty(_violations);
    }
}
