using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>Passkeys in a real browser, from the first to the last.</summary>
[Collection(Chromium.Collection)]
public sealed class PasskeyFlowsTests(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    private readonly Dictionary<Visitor, VirtualAuthenticator> _authenticators = [];

    [BrowserFact]
    public async Task A_passkey_is_added_signs_in_without_a_name_is_renamed_and_removed()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync();
        await using var anna = await chromium.VisitAsync(app);
        await anna.Page.AddInitScriptAsync("PublicKeyCredential.signalAllAcceptedCredentials = async (all) => { globalThis.accepted = all; }");
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await anna.ExpectAtAsync("/dashboard");
        await AddAsync(anna, "Laptop");
        Assert.Equal(1, await anna.Page.EvaluateAsync<int>("accepted.allAcceptedCredentialIds.length"));
        var laptop = _authenticators[anna];
        await Expect(anna.Main).ToContainTextAsync("Laptop");
        await Expect(anna.Main).ToContainTextAsync("not used yet");

        // The same authenticator has one for this account already.
        await anna.TypeAsync("name", "Again");
        await anna.PressAsync("Add a passkey");
        await Expect(anna.Page.Locator("[data-passkey-error]")).ToContainTextAsync("This device has a passkey for your account already.");

        await SignOutAsync(anna);
        await anna.PressAsync("Sign in with a passkey");
        await anna.ExpectAtAsync("/account/profile");

        await anna.GoAsync("/account/security");
        await Expect(anna.Main).ToContainTextAsync("1 set up");
        await anna.GoAsync("/account/security/passkeys");
        await Expect(anna.Main).ToContainTextAsync("last used");
        await anna.Page.Locator("summary").ClickAsync();
        await anna.Page.GetByLabel("New name of Laptop").FillAsync("<b>Old</b> laptop");
        await anna.PressAsync("Rename");
        await anna.ExpectFlashAsync("The passkey was renamed.");
        await Expect(anna.Main).ToContainTextAsync("<b>Old</b> laptop");
        await anna.Page.Locator("summary").ClickAsync();
        await anna.PressAsync("Remove: <b>Old</b> laptop");
        await anna.ExpectFlashAsync("The passkey was removed.");
        await Expect(anna.Main).ToContainTextAsync("You have none yet.");
        Assert.Equal("localhost 0", await anna.Page.EvaluateAsync<string>("`${accepted.rpId} ${accepted.allAcceptedCredentialIds.length}`")); // so the keeper offers it no more
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task The_browser_offers_a_passkey_where_the_name_is_typed()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync();
        await using var anna = await chromium.VisitAsync(app);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await AddAsync(anna, "");
        var laptop = _authenticators[anna];
        await laptop.TouchAsync(false);
        await SignOutAsync(anna, hideList: false);
        await Expect(anna.Page.Locator("#login")).ToHaveAttributeAsync("autocomplete", "username webauthn");
        await laptop.TouchAsync(true);
        await anna.GoAsync("/login"); // the authenticator picks the one that it has, as a person would from the list
        await anna.ExpectAtAsync("/dashboard");
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task After_the_password_the_passkey_is_the_second_step_and_later_it_confirms_who_it_is()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync();
        await using var anna = await chromium.VisitAsync(app);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await AddAsync(anna, "Laptop");
        await SignOutAsync(anna);

        await anna.SignInAsync(owner.Email, Password);
        await anna.ExpectAtAsync("/login/second-step");
        await anna.PressAsync("Use a passkey");
        await anna.ExpectAtAsync("/account/profile");

        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await anna.GoAsync("/account/security/passkeys");
        await anna.ExpectAtAsync("/account/confirm");
        await anna.PressAsync("Use a passkey");
        await anna.ExpectAtAsync("/account/security/passkeys");
        await Expect(anna.Main).ToContainTextAsync("Laptop");
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Who_is_not_recognised_is_told_and_can_take_another_way()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync();
        await using var anna = await chromium.VisitAsync(app);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await AddAsync(anna, "Laptop");
        var laptop = _authenticators[anna];
        await SignOutAsync(anna);
        await laptop.VerifyAsync(false);
        await anna.PressAsync("Sign in with a passkey");
        await Expect(anna.Page.Locator("[data-passkey-error]")).ToContainTextAsync("Nothing came of it");
        await anna.ExpectAtAsync("/login");
        await laptop.VerifyAsync(true);
        await anna.PressAsync("Sign in with a passkey"); // the button works again
        await anna.ExpectAtAsync("/account/profile");
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Who_must_have_a_factor_adds_a_passkey_at_sign_in()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync(("SignIn:RequireSecondFactor", "everyone"));
        await using var anna = await chromium.VisitAsync(app);
        await VirtualAuthenticator.PlugInAsync(anna);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await anna.ExpectAtAsync("/login/set-up");
        await anna.Page.GetByLabel("Set up: Passkey").ClickAsync();
        await anna.PressAsync("Add a passkey");
        await anna.PressAsync("I have kept them, go on");
        await anna.ExpectAtAsync("/dashboard");
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task A_passkey_signs_in_where_the_session_limit_stands_in_the_way()
    {
        await using var app = await VirtualAuthenticator.StartAppAsync(("Sessions:MaxPerAccount", "1"));
        await using var anna = await chromium.VisitAsync(app);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.SignInAsync(owner.Email, Password);
        await AddAsync(anna, "Laptop");
        await VirtualAuthenticator.HideListAsync(anna);
        await anna.Context.ClearCookiesAsync(); // the session lives on
        await anna.GoAsync("/login");
        await anna.PressAsync("Sign in with a passkey");
        await Expect(anna.Flash.First).ToContainTextAsync("Session already active");
        await anna.PressAsync("End the other session and sign in");
        await anna.ExpectAtAsync("/dashboard");
        anna.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Without_script_the_password_is_there_and_no_passkey_button_that_does_nothing()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var anna = await chromium.VisitAsync(app, script: false);
        var owner = await app.NewActor("anna").SignUpAsync();
        await anna.GoAsync("/login");
        await Expect(anna.Page.Locator("main button:visible")).ToHaveCountAsync(1);
        await anna.SignInAsync(owner.Email, Password);
        await anna.GoAsync("/account/security/passkeys");
        await Expect(anna.Main).ToContainTextAsync("To add one you need a browser that knows passkeys, with script on.");
        await Expect(anna.Main.Locator("button:visible")).ToHaveCountAsync(0);
        anna.ExpectNoFault();
    }

    /// <summary>Adds an account's first on the page, with which recovery codes come.</summary>
    private async Task AddAsync(Visitor visitor, string name)
    {
        await visitor.ExpectAtAsync("/dashboard");
        await visitor.GoAsync("/account/security/passkeys");
        _authenticators[visitor] = await VirtualAuthenticator.PlugInAsync(visitor);
        await visitor.TypeAsync("name", name);
        await visitor.PressAsync("Add a passkey");
        await visitor.PressAsync("I have kept them, go on");
        await visitor.ExpectAtAsync("/account/security/passkeys");
    }

    /// <summary>From a list an authenticator of this kind picks by itself, before anybody can press a button.</summary>
    private static async Task SignOutAsync(Visitor visitor, bool hideList = true)
    {
        if (hideList)
        {
            await VirtualAuthenticator.HideListAsync(visitor);
        }

        await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Sign out" }).First.ClickAsync();
        await visitor.ExpectAtAsync("/login");
        await visitor.GoAsync("/login?return_url=/account/profile");
    }
}
