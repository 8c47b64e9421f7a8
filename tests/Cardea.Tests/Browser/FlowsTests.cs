using System.Text.Json;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>Everything a person does on the pages, with script and without: nothing may be lost without it.</summary>
[Collection(Chromium.Collection)]
public sealed class FlowsTests(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";
    private const string Other = "seven quiet harbours tonight";

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Somebody_registers_confirms_signs_in_and_signs_out(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var anna = await chromium.VisitAsync(app, script);
        await anna.GoAsync("/");
        await anna.ExpectAtAsync("/login");
        await anna.FollowAsync("Create one");
        await anna.TypeAsync("email", "anna@example.org");
        await anna.TypeAsync("username", "not good!");
        await anna.TypeAsync("given_name", "Anna");
        await anna.TypeAsync("family_name", "Weiß");
        await ChooseAsync(anna, "password", "password123", "Create the account");

        await Expect(anna.Page.Locator("#username-error")).Not.ToBeEmptyAsync();
        await Expect(anna.Page.Locator("#password-error")).Not.ToBeEmptyAsync();
        await Expect(anna.Page.Locator("#email-error")).ToBeHiddenAsync();
        Assert.Equal(("anna@example.org", "not good!", "Anna", "Weiß"), (await anna.TypedAsync("email"), await anna.TypedAsync("username"), await anna.TypedAsync("given_name"), await anna.TypedAsync("family_name")));
        Assert.Equal(("", ""), (await anna.TypedAsync("password"), await anna.TypedAsync("password_again")));
        Assert.DoesNotContain("password123", await anna.Page.ContentAsync(), StringComparison.Ordinal);

        await anna.TypeAsync("username", "anna");
        await ChooseAsync(anna, "password", Password, "Create the account");
        await anna.ExpectAtAsync("/login");
        await anna.ExpectFlashAsync("The account was created.");
        await anna.Page.ReloadAsync();
        await Expect(anna.Flash).ToHaveCountAsync(0);

        await anna.FollowMailAsync("anna@example.org", "/verify-email");
        await anna.PressAsync("Confirm the address");
        await anna.ExpectAtAsync("/login");
        await anna.ExpectFlashAsync("Your e-mail address is confirmed.");

        await anna.SignInAsync("anna@example.org", "not her password");
        await Expect(anna.Flash).ToBeVisibleAsync();
        Assert.Equal(("anna@example.org", ""), (await anna.TypedAsync("login"), await anna.TypedAsync("password")));
        foreach (var login in new[] { "anna@example.org", "ANNA" })
        {
            await anna.SignInAsync(login, Password);
            await anna.ExpectAtAsync("/dashboard");
            await Expect(anna.Main).ToContainTextAsync("Hello Anna");
            await Expect(anna.Main).ToContainTextAsync("anna@example.org confirmed");
            await Expect(anna.Main).ToContainTextAsync(await app.Database.ScalarAsync<string>("SELECT id FROM accounts"));
            await Expect(anna.Main).ToContainTextAsync("Member since" + Texts.In("en").Date(app.Clock.GetUtcNow()));
            await Expect(anna.Main).ToContainTextAsync("Last sign-in");
            await anna.GoAsync("/logout");
            await Expect(anna.Main).ToContainTextAsync("Sign out?");
            await anna.PressAsync("Sign out");
            await anna.ExpectAtAsync("/login");
            await anna.ExpectFlashAsync("You are signed out.");
            await anna.GoAsync("/dashboard");
            await anna.ExpectAtAsync("/login");
        }

        anna.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task An_address_is_confirmed_by_the_code_in_the_browser_that_asked(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var anna = await chromium.VisitAsync(app, script);
        await using var other = await chromium.VisitAsync(app, script);
        await anna.GoAsync("/register");
        await anna.TypeAsync("email", "anna@example.org");
        await ChooseAsync(anna, "password", Password, "Create the account");
        await anna.GoAsync("/verify-email");
        await anna.TypeAsync("email", "anna@example.org");
        await anna.PressAsync("Send the mail again"); // with no code, which this button does not ask for
        await anna.ExpectFlashAsync("a mail is on its way");
        await other.GoAsync("/verify-email");
        await Expect(other.Page.Locator("#code")).ToHaveCountAsync(0);

        var code = (await app.LastMailToAsync("anna@example.org")).Code!;
        await anna.TypeAsync("email", "anna@example.org");
        await anna.TypeAsync("code", code == "000000" ? "000001" : "000000");
        await anna.PressAsync("Confirm the address");
        await anna.ExpectErrorAsync("code", "not valid");
        await Expect(anna.Page.Locator("#code")).ToBeFocusedAsync();
        await anna.TypeAsync("code", code);
        await anna.PressAsync("Confirm the address");
        await anna.ExpectAtAsync("/login");
        await anna.ExpectFlashAsync("Your e-mail address is confirmed.");
        anna.ExpectNoFault();
        other.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task The_owner_changes_names_address_and_password(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await SignedInAsync(app, visitor);
        await visitor.FollowAsync("Profile");
        await visitor.TypeAsync("username", "a");
        await visitor.PressAsync("Save");
        await Expect(visitor.Page.Locator("#username-error")).Not.ToBeEmptyAsync();
        await visitor.TypeAsync("username", "renamed");
        await visitor.TypeAsync("given_name", "Ada");
        await visitor.TypeAsync("family_name", "Ray");
        await visitor.PressAsync("Save");
        await visitor.ExpectFlashAsync("Your profile was saved.");
        Assert.Equal(("renamed", "Ada", "Ray"), (await visitor.TypedAsync("username"), await visitor.TypedAsync("given_name"), await visitor.TypedAsync("family_name")));

        await visitor.TypeAsync("email", "moved@example.org");
        await visitor.PressAsync("Change the address");
        await visitor.ExpectFlashAsync("We have sent the new address a mail.");
        await Expect(visitor.Main).ToContainTextAsync(owner.Email);
        await visitor.FollowMailAsync("moved@example.org", "/verify-email");
        await visitor.PressAsync("Confirm the address");
        await visitor.ExpectAtAsync("/dashboard");
        await Expect(visitor.Main).ToContainTextAsync("moved@example.org confirmed");

        await visitor.FollowAsync("Security");
        await visitor.TypeAsync("current_password", "not the password");
        await ChooseAsync(visitor, "new_password", Other, "Change the password");
        await visitor.ExpectErrorAsync("current_password", "The current password is not right.");
        await visitor.TypeAsync("current_password", Password);
        await ChooseAsync(visitor, "new_password", Other, "Change the password");
        await visitor.ExpectFlashAsync("The password was changed.");
        Assert.Equal(System.Net.HttpStatusCode.OK, (await app.NewActor().TrySignInAsync(Other, login: "renamed")).Status);
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task The_owner_ends_one_session_and_then_all_others_and_sees_what_happened(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var here = await chromium.VisitAsync(app, script);
        await using var there = await chromium.VisitAsync(app, script);
        await using var elsewhere = await chromium.VisitAsync(app, script);
        var owner = await SignedInAsync(app, here);
        await there.SignInAsync(owner.Email, Password);
        await there.ExpectAtAsync("/dashboard");
        await here.FollowAsync("Devices");
        await Expect(here.Main.Locator(".list > li")).ToHaveCountAsync(2);
        await here.Main.Locator(".list button").ClickAsync();
        await here.ExpectFlashAsync("The session has ended.");
        await there.GoAsync("/dashboard");
        await there.ExpectAtAsync("/login");

        foreach (var other in new[] { there, elsewhere })
        {
            await other.SignInAsync(owner.Email, Password);
            await Expect(other.Main).ToContainTextAsync(owner.Email);
        }

        await here.GoAsync("/account/sessions");
        await here.PressAsync("End all others");
        await here.ExpectFlashAsync("All other sessions have ended.");
        await Expect(here.Main.Locator(".list > li")).ToHaveCountAsync(1);
        Assert.True(await here.Main.Locator("tbody tr").CountAsync() >= 6); // signed up, three sign-ins, the ends
        foreach (var other in new[] { there, elsewhere })
        {
            await other.GoAsync("/dashboard");
            await other.ExpectAtAsync("/login");
        }

        here.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task The_owner_takes_the_data_along_and_deletes_the_account(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await SignedInAsync(app, visitor);
        await visitor.FollowAsync("Security");
        for (var time = 0; time < 2; time++) // the page stays, and so must its button
        {
            var download = await visitor.Page.RunAndWaitForDownloadAsync(() => visitor.PressAsync("Download my data"));
            Assert.Equal("account.json", download.SuggestedFilename);
            var data = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(await download.PathAsync()));
            Assert.Contains(owner.Email, data.GetRawText(), StringComparison.Ordinal);
        }

        await visitor.Main.GetByText("I want to delete my account").ClickAsync();
        await visitor.TypeAsync("password", "not the password");
        await visitor.PressAsync("Delete for good");
        await visitor.ExpectErrorAsync("password", "The current password is not right.");
        await visitor.TypeAsync("password", Password);
        await visitor.PressAsync("Delete for good");
        await visitor.ExpectAtAsync("/login");
        await visitor.ExpectFlashAsync("The account was deleted.");
        await visitor.SignInAsync(owner.Email, Password);
        await Expect(visitor.Page.Locator("main .flash.error")).ToBeVisibleAsync();
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task A_lost_password_is_replaced_by_the_link_in_the_mail(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await KnownAsync(app);
        await visitor.GoAsync("/login");
        await visitor.FollowAsync("Forgot your password?");
        await visitor.TypeAsync("login", owner.Username!);
        await visitor.PressAsync("Send the mail");
        await Expect(visitor.Main).ToContainTextAsync("Look into your mailbox");
        await visitor.FollowMailAsync(owner.Email, "/reset-password");
        var link = visitor.Path;
        await SetPasswordAsync(visitor);
        await visitor.SignInAsync(owner.Email, Other);
        await visitor.ExpectAtAsync("/dashboard");

        await visitor.GoAsync(link);
        await ChooseAsync(visitor, "password", Password, "Set the password");
        await Expect(visitor.Page.Locator("main .flash.error")).ToBeVisibleAsync();
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task A_lost_password_is_replaced_by_the_code_in_the_mail(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Recovery:Method", "code"));
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await KnownAsync(app);
        await visitor.GoAsync("/forgot-password");
        await visitor.TypeAsync("login", owner.Email);
        await visitor.PressAsync("Send the mail");
        await Expect(visitor.Main).ToContainTextAsync("six digits");
        var code = (await app.LastMailToAsync(owner.Email)).Code!;
        await visitor.FollowAsync("Enter the code");
        await visitor.TypeAsync("email", owner.Email);
        await visitor.TypeAsync("code", code);
        await SetPasswordAsync(visitor);
        await visitor.SignInAsync(owner.Email, Other);
        await visitor.ExpectAtAsync("/dashboard");
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task After_a_refused_form_one_stands_in_the_first_field_that_is_wrong(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await KnownAsync(app);
        await visitor.GoAsync("/register");
        await Expect(visitor.Page.Locator("#email")).ToBeFocusedAsync();
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.TypeAsync("username", "not good!");
        await ChooseAsync(visitor, "password", "password123", "Create the account");
        await Expect(visitor.Page.Locator("#username")).ToBeFocusedAsync();
        await visitor.TypeAsync("username", "anna");
        await ChooseAsync(visitor, "password", "password123", "Create the account");
        await Expect(visitor.Page.Locator("#password")).ToBeFocusedAsync();

        await visitor.SignInAsync(owner.Email, Password);
        await visitor.GoAsync("/account/security");
        await visitor.TypeAsync("current_password", Other);
        await ChooseAsync(visitor, "new_password", "seven maple kettles sing", "Change the password");
        await Expect(visitor.Page.Locator("#current_password")).ToBeFocusedAsync();
        await visitor.ExpectErrorAsync("current_password", "The current password is not right.");
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task A_temporary_password_must_be_changed_at_once(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Recovery:Method", "temporary-password"));
        await using var visitor = await chromium.VisitAsync(app, script);
        var owner = await KnownAsync(app);
        await visitor.GoAsync("/forgot-password");
        await visitor.TypeAsync("login", owner.Username!);
        await visitor.PressAsync("Send the mail");
        await Expect(visitor.Main).ToContainTextAsync("a password that works once");
        await visitor.SignInAsync(owner.Username!, (await app.LastMailToAsync(owner.Email)).Code!);
        await visitor.ExpectAtAsync("/reset-password");
        await SetPasswordAsync(visitor);
        await visitor.SignInAsync(owner.Username!, Other);
        await visitor.ExpectAtAsync("/dashboard");
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task With_one_session_allowed_the_owner_ends_the_other_and_goes_on(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Sessions:MaxPerAccount", "1"));
        await using var old = await chromium.VisitAsync(app, script);
        await using var fresh = await chromium.VisitAsync(app, script);
        var owner = await SignedInAsync(app, old);
        await fresh.SignInAsync(owner.Email, Password);
        await fresh.ExpectFlashAsync("Session already active");
        await fresh.TypeAsync("password", Password);
        await fresh.PressAsync("End the other session and sign in");
        await fresh.ExpectAtAsync("/dashboard");
        await old.GoAsync("/dashboard");
        await old.ExpectAtAsync("/login");
        fresh.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Signing_in_goes_back_to_what_was_asked_for_and_never_to_another_site(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var owner = await KnownAsync(app);
        foreach (var (asked, reached) in new[]
        {
            ("/account/sessions?from=mail", "/account/sessions?from=mail"), ("/login?return_url=https://elsewhere.example/", "/dashboard"),
            ("/login?return_url=//elsewhere.example/", "/dashboard"), ("/login?return_url=/%5Celsewhere.example", "/dashboard"),
        })
        {
            await using var visitor = await chromium.VisitAsync(app, script);
            await visitor.GoAsync(asked);
            await visitor.ExpectAtAsync("/login");
            await visitor.SignInAsync(owner.Email, "not the password"); // it must outlive a failed attempt
            await Expect(visitor.Flash).ToBeVisibleAsync();
            await visitor.SignInAsync(owner.Email, Password);
            await Expect(visitor.Page).ToHaveURLAsync(new Uri(app.Address, reached).ToString());
            visitor.ExpectNoFault();
        }
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task The_language_is_chosen_on_the_page_and_stays(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        await visitor.GoAsync("/register");
        await visitor.Page.GetByText("Deutsch", new() { Exact = true }).ClickAsync();
        await Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        await visitor.ExpectAtAsync("/register");
        await visitor.GoAsync("/verify-email?token=unknown");
        await Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        await visitor.Page.GetByText("English", new() { Exact = true }).ClickAsync();
        await Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await Expect(visitor.Page.Locator("main input[name=token]")).ToHaveValueAsync("unknown");

        await SignedInAsync(app, visitor);
        await visitor.GoAsync("/account/profile"); // a refused form has an address that only forms go to
        await visitor.TypeAsync("username", "a");
        await visitor.PressAsync("Save");
        await Expect(visitor.Page.Locator("#username-error")).Not.ToBeEmptyAsync();
        await visitor.TypeAsync("email", "nowhere@nowhere..example");
        await visitor.Page.Locator("form[action='/account/email']").EvaluateAsync("form => form.noValidate = true");
        await visitor.PressAsync("Change the address");
        await Expect(visitor.Page.Locator("#email-error")).Not.ToBeEmptyAsync();
        await visitor.Page.GetByText("Deutsch", new() { Exact = true }).ClickAsync();
        await visitor.ExpectAtAsync("/account/profile");
        await Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        visitor.ExpectNoFault();
    }

    private static async Task SetPasswordAsync(Visitor visitor)
    {
        await ChooseAsync(visitor, "password", Other, "Set the password");
        await visitor.ExpectAtAsync("/login");
        await visitor.ExpectFlashAsync("The password was changed.");
    }

    private static async Task ChooseAsync(Visitor visitor, string field, string password, string button)
    {
        await visitor.TypeAsync(field, password);
        await visitor.TypeAsync(field + "_again", password);
        await visitor.LeaveAsync(() => visitor.PressAsync(button));
    }

    /// <summary>An account with a confirmed address.</summary>
    private static async Task<Actor> KnownAsync(TestApp app)
    {
        var owner = app.NewActor("visitor");
        (owner.Password, owner.Username) = (Password, owner.Name);
        await owner.SignUpAsync();
        return await owner.VerifyAsync();
    }

    private static async Task<Actor> SignedInAsync(TestApp app, Visitor visitor)
    {
        var owner = await KnownAsync(app);
        await visitor.SignInAsync(owner.Email, Password);
        await visitor.ExpectAtAsync("/dashboard");
        return owner;
    }
}
