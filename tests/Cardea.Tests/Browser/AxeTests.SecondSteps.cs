using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

public sealed partial class AxeTests
{
    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_a_second_step_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:RequireSecondFactor", "admins"), ("Sessions:MaxPerAccount", "2"));
        await using var visitor = await VisitAsync(app, language);
        var owner = await app.NewActor("anna.weiss").SignUpAsync();
        await visitor.SignInAnyLanguageAsync(owner.Email, Password);
        await visitor.GoAsync("/account/security");
        await LookAsync(visitor, "security-no-factor");
        await visitor.GoAsync("/account/security/recovery-codes");
        await LookAsync(visitor, "recovery-codes-none");
        await visitor.GoAsync("/account/security/devices");
        await LookAsync(visitor, "trusted-devices-none");
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await visitor.GoAsync("/account/security/authenticator");
        await visitor.ExpectAtAsync("/account/confirm");
        await LookAsync(visitor, "confirm-password");
        await FillAsync(visitor, ("password", Password));
        await SendAsync(visitor);
        await visitor.ExpectAtAsync("/account/security/authenticator");
        await LookAsync(visitor, "authenticator-off");
        await SendAsync(visitor);
        await visitor.Page.Locator("summary").ClickAsync();
        await LookAsync(visitor, "authenticator-set-up");
        var phone = new Authenticator(app, (await visitor.Page.Locator(".secret code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal));
        await FillAsync(visitor, ("code", phone.WrongCode()));
        await SendAsync(visitor);
        await Expect(visitor.Page.Locator("#code-error")).ToBeVisibleAsync();
        await LookAsync(visitor, "authenticator-refused");
        await FillAsync(visitor, ("code", phone.NextCode()));
        await SendAsync(visitor);
        await visitor.ExpectAtAsync("/account/security/recovery-codes/new");
        await LookAsync(visitor, "recovery-codes-new");
        await visitor.LeaveAsync(() => visitor.Page.Locator("main button.block").ClickAsync());
        await LookAsync(visitor, "authenticator-on");
        await visitor.GoAsync("/account/security/recovery-codes");
        await LookAsync(visitor, "recovery-codes");
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await visitor.GoAsync("/account/security/authenticator");
        await LookAsync(visitor, "confirm-code");
        await FillAsync(visitor, ("code", phone.WrongCode()));
        await SendAsync(visitor);
        await LookAsync(visitor, "confirm-refused");

        await using var other = await VisitAsync(app, language);
        await other.SignInAnyLanguageAsync(owner.Email, Password);
        await other.ExpectAtAsync("/login/second-step");
        await LookAsync(other, "second-step");
        await FillAsync(other, ("code", phone.WrongCode()));
        await SendAsync(other);
        await Expect(other.Page.Locator("#code-error")).ToBeVisibleAsync();
        await LookAsync(other, "second-step-refused");
        await other.Page.Locator(".ways a").First.ClickAsync();
        await Expect(other.Page.Locator("#code-error")).ToBeHiddenAsync();
        await LookAsync(other, "second-step-recovery");
        await other.GoAsync("/login/second-step");
        await FillAsync(other, ("code", phone.NextCode()));
        await other.Page.Locator("input[name=trust_device]").CheckAsync();
        await SendAsync(other);
        await other.ExpectAtAsync("/dashboard");
        await other.GoAsync("/account/security/devices");
        await LookAsync(other, "trusted-devices");

        await using var third = await VisitAsync(app, language);
        await third.SignInAnyLanguageAsync(owner.Email, Password);
        await FillAsync(third, ("code", phone.NextCode()));
        await SendAsync(third);
        await Expect(third.Page.Locator("button[name=replace]")).ToBeVisibleAsync();
        await LookAsync(third, "second-step-session-active");

        await app.MakeAdminAsync(await app.NewActor("admin").SignUpAsync());
        var admin = await app.Database.ScalarAsync<string>("SELECT email FROM accounts WHERE email LIKE 'admin%'");
        await third.SignInAnyLanguageAsync(admin, Password);
        await third.ExpectAtAsync("/login/set-up");
        await LookAsync(third, "set-up");
        await third.Page.Locator(".list a[href*=authenticator]").ClickAsync();
        await third.ExpectAtAsync("/account/security/authenticator");
        await LookAsync(third, "set-up-authenticator");
        Assert.Empty(_violations);
    }
}
