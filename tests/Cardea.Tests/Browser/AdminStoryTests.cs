using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>Somebody calls: Bob can't get in. An administrator finds out why, without script as with it.</summary>
[Collection(Chromium.Collection)]
public sealed class AdminStoryTests(Chromium chromium)
{
    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Why_Bob_can_not_sign_in_is_seen_and_mended_and_stands_in_the_audit_log(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var admin = await app.NewAdministratorAsync();
        var bob = await (await (await app.NewActor("bob").SignUpAsync()).VerifyAsync()).SignInAsync();
        for (var guess = 0; guess < 11; guess++)
        {
            await app.NewActor("guesser").TrySignInAsync("not it " + guess, login: bob.Email);
        }

        await using var root = await chromium.VisitAsync(app, script);
        await root.SignInAsync(admin.Email, admin.Password);
        await root.ExpectAtAsync("/dashboard");
        await root.FollowAsync("Administration");
        await root.ExpectAtAsync("/admin");
        await root.FollowAsync("Accounts");
        await root.TypeAsync("query", bob.Email[..4].ToUpperInvariant());
        await root.PressAsync("Search");
        await root.FollowAsync(bob.Email);
        await root.ExpectAtAsync("/admin/users/" + bob.Id);
        await Expect(root.Main).ToContainTextAsync("Too many wrong passwords: sign-in is locked until");

        await root.PressAsync("Unlock");
        await root.ExpectFlashAsync("Sign-in can be tried again at once.");
        await Expect(root.Main).ToContainTextAsync("Nothing stands in the way of a sign-in.");
        await root.PressAsync("End all sessions");
        await root.ExpectFlashAsync("All sessions of the account have ended.");
        await Expect(root.Main).ToContainTextAsync("Signed in nowhere.");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await bob.GetAsync("/users/me")).Status);

        await root.FollowAsync("All events of this account");
        await root.ExpectAtAsync("/admin/audit");
        await Expect(root.Page.Locator("table.audit")).ToContainTextAsync("account.unlocked");
        await Expect(root.Page.Locator("table.audit")).ToContainTextAsync("account.signed_out_by_admin");
        await root.Page.Locator("#event").SelectOptionAsync("sign_in.failed");
        await root.PressAsync("Filter");
        await Expect(root.Page.Locator("table.audit tbody tr")).ToHaveCountAsync(10);
        root.ExpectNoFault();
    }
}
