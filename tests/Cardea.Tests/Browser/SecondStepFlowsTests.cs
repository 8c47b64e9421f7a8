using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>The journey of "Simple Authentication Server" in a browser: a code of an authenticator app after the password, with script and without.</summary>
[Collection(Chromium.Collection)]
public sealed class SecondStepFlowsTests(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Bob_registers_sets_up_his_app_and_signs_in_by_username_password_and_code(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var bob = await chromium.VisitAsync(app, script);
        await bob.GoAsync("/register");
        await bob.TypeAsync("email", "bob@example.org");
        await bob.TypeAsync("username", "Bobby");
        await bob.TypeAsync("password", Password);
        await bob.TypeAsync("password_again", Password);
        await bob.PressAsync("Create the account");
        await bob.SignInAsync("Bobby", Password);
        await bob.FollowAsync("Security");
        await bob.FollowAsync("Change: Authenticator app");
        await bob.PressAsync("Set up the app");
        await Expect(bob.Page.Locator(".qr svg")).ToBeVisibleAsync();
        await Expect(bob.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "On this phone: open in the app" })).ToHaveAttributeAsync("href", new Regex("^otpauth://totp/Cardea:bob%40example.org\\?secret="));
        await bob.Page.Locator("summary").ClickAsync();
        await Expect(bob.Page.Locator("[data-copy]")).ToHaveCountAsync(1);
        Assert.Equal(script, await bob.Page.Locator("[data-copy]").IsVisibleAsync());
        var phone = new Authenticator(app, (await bob.Page.Locator(".secret code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal));
        await bob.TypeAsync("code", phone.WrongCode());
        await bob.PressAsync("Turn it on");
        await bob.ExpectErrorAsync("code", "not right");
        await bob.TypeAsync("code", phone.NextCode());
        await bob.PressAsync("Turn it on");

        await bob.ExpectAtAsync("/account/security/recovery-codes/new");
        var codes = await bob.Page.Locator(".codes code").AllInnerTextsAsync();
        Assert.Equal(10, codes.Distinct().Count());
        var download = await bob.Page.RunAndWaitForDownloadAsync(() => bob.PressAsync("Download"));
        Assert.Equal("recovery-codes.txt", download.SuggestedFilename);
        var file = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.All(codes, code => Assert.Contains(code, file, StringComparison.Ordinal));
        await bob.PressAsync("I have kept them, go on");
        await Expect(bob.Main).ToContainTextAsync("Set up on");

        await bob.GoAsync("/logout");
        await bob.PressAsync("Sign out");
        await bob.GoAsync("/account/profile");
        await bob.SignInAsync("bobby", Password);
        await bob.ExpectAtAsync("/login/second-step");
        await bob.TypeAsync("code", phone.WrongCode());
        await bob.PressAsync("Sign in");
        await bob.ExpectErrorAsync("code", "not right");
        await bob.TypeAsync("code", phone.NextCode());
        await bob.PressAsync("Sign in");
        await bob.ExpectAtAsync("/account/profile");

        // The phone is lost: a code on paper, and this browser is not asked again.
        await bob.GoAsync("/logout");
        await bob.PressAsync("Sign out");
        await bob.SignInAsync("Bobby", Password);
        await bob.FollowAsync("Use a recovery code");
        await bob.TypeAsync("code", codes[3]);
        await bob.Page.GetByLabel("Don't ask on this device for 30 days").CheckAsync();
        await bob.PressAsync("Sign in");
        await bob.ExpectAtAsync("/dashboard");
        await bob.GoAsync("/logout");
        await bob.PressAsync("Sign out");
        await bob.SignInAsync("Bobby", Password);
        await bob.ExpectAtAsync("/dashboard");
        await bob.FollowAsync("Security");
        await Expect(bob.Main).ToContainTextAsync("9 left");
        await bob.FollowAsync("Change: Trusted devices");
        await Expect(bob.Main).ToContainTextAsync("this device");
        await bob.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { NameRegex = new Regex("^Trust no more") }).ClickAsync();
        await bob.ExpectFlashAsync("asked for the second step again");

        // What changes how one signs in asks first, and comes back.
        await bob.GoAsync("/account/security/authenticator");
        await bob.ExpectAtAsync("/account/confirm");
        await bob.TypeAsync("code", phone.NextCode());
        await bob.PressAsync("Confirm");
        await bob.ExpectAtAsync("/account/security/authenticator");
        await bob.PressAsync("Remove the app");
        await bob.ExpectFlashAsync("The authenticator app was removed.");
        bob.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Who_must_have_a_second_step_is_led_through_it(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:RequireSecondFactor", "everyone"));
        var owner = await app.NewActor("carol").SignUpAsync();
        await using var carol = await chromium.VisitAsync(app, script);
        await carol.GoAsync("/account/profile");
        await carol.SignInAsync(owner.Email, Password);
        await carol.ExpectAtAsync("/login/set-up");
        await carol.PressAsync("Not now");
        await carol.ExpectAtAsync("/login");
        await carol.GoAsync("/account/profile");
        await carol.SignInAsync(owner.Email, Password);
        await carol.FollowAsync("Set up: Authenticator app");
        await carol.PressAsync("Set up the app");
        await carol.Page.Locator("summary").ClickAsync();
        var phone = new Authenticator(app, (await carol.Page.Locator(".secret code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal));
        await carol.TypeAsync("code", phone.NextCode());
        await carol.PressAsync("Turn it on");
        await Expect(carol.Page.Locator(".codes li")).ToHaveCountAsync(10);
        await carol.PressAsync("I have kept them, go on");
        await carol.ExpectAtAsync("/account/profile");
        carol.ExpectNoFault();
    }
}
