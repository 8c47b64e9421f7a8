using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

public sealed partial class AxeTests
{
    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_passkeys_are_accessible(string language)
    {
        await using var app = await VirtualAuthenticator.StartAppAsync(("Sessions:MaxPerAccount", "1"), ("SignIn:RequireSecondFactor", "everyone"));
        await using var visitor = await VisitAsync(app, language);
        var laptop = await VirtualAuthenticator.PlugInAsync(visitor);
        var owner = await app.NewActor("anna.weiss").SignUpAsync();
        await visitor.SignInAnyLanguageAsync(owner.Email, Password);
        await visitor.ExpectAtAsync("/login/set-up");
        await LookAsync(visitor, "set-up-passkey");
        await visitor.Page.Locator("main a[href='/account/security/passkeys']").ClickAsync();
        await LookAsync(visitor, "passkey-first");
        await laptop.VerifyAsync(false);
        await visitor.Page.Locator("main button.block").ClickAsync();
        await Expect(visitor.Page.Locator("[data-passkey-error]")).ToBeVisibleAsync();
        await LookAsync(visitor, "passkey-cancelled");
        await laptop.VerifyAsync(true);
        await visitor.Page.Locator("main button.block").ClickAsync();
        await visitor.ExpectAtAsync("/account/security/recovery-codes/new");
        await visitor.LeaveAsync(() => visitor.Page.Locator("main button.block").ClickAsync());
        await visitor.GoAsync("/account/security/passkeys");
        await visitor.Page.Locator("summary").ClickAsync();
        await LookAsync(visitor, "passkeys");
        await visitor.GoAsync("/account/security");
        await LookAsync(visitor, "security-passkey");
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await visitor.GoAsync("/account/security/passkeys");
        await visitor.ExpectAtAsync("/account/confirm");
        await LookAsync(visitor, "confirm-passkey");
        await visitor.LeaveAsync(() => visitor.Page.Locator("main button.block").ClickAsync());
        await visitor.ExpectAtAsync("/account/security/passkeys");
        await visitor.Page.Locator("summary").ClickAsync();
        await visitor.LeaveAsync(() => visitor.Page.Locator("main form[action$='/remove'] button").ClickAsync());
        await Expect(visitor.Flash.First).ToBeVisibleAsync();
        await LookAsync(visitor, "passkeys-none");
        await visitor.Page.Locator("main form[data-passkey] button.block").ClickAsync();
        await visitor.ExpectAtAsync("/account/security/recovery-codes/new");

        await VirtualAuthenticator.HideListAsync(visitor);
        await visitor.Context.ClearCookiesAsync();
        await visitor.Context.AddCookiesAsync([new() { Name = "cardea-language", Value = language, Url = app.Address.ToString() }]);
        await visitor.SignInAnyLanguageAsync(owner.Email, Password);
        await visitor.ExpectAtAsync("/login/second-step");
        await LookAsync(visitor, "second-step-passkey");
        await visitor.GoAsync("/login");
        await LookAsync(visitor, "login-passkey");
        await visitor.Page.Locator("main form[data-passkey] button").ClickAsync();
        await Expect(visitor.Page.Locator("input[name=replace] + button")).ToBeVisibleAsync();
        await LookAsync(visitor, "passkey-session-active");
        Assert.Empty(_violations);
    }
}
