using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>A proof of work in a real browser: done by the page's own script, said to whoever waits for it, and waited out where there is no script.</summary>
[Collection(Chromium.Collection)]
public sealed class ChallengeFlowsTests(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    [BrowserFact]
    public async Task Somebody_signs_up_is_mailed_and_signs_in_and_hardly_notices()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/register");
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.TypeAsync("password", Password);
        await visitor.TypeAsync("password_again", Password);
        await visitor.PressAsync("Create the account");
        await visitor.ExpectAtAsync("/login");
        await visitor.GoAsync("/verify-email");
        await visitor.TypeAsync("email", "anna@example.org");
        await visitor.PressAsync("Send the mail again"); // the form's second button, which is the challenged one
        await visitor.ExpectAtAsync("/verify-email");
        await visitor.ExpectFlashAsync("a mail is on its way");
        await visitor.GoAsync("/forgot-password");
        await visitor.TypeAsync("login", "anna@example.org");
        await visitor.PressAsync("Send the mail");
        await Expect(visitor.Main).ToContainTextAsync("we have sent it a link");
        await visitor.SignInAsync("anna@example.org", "not the password");
        await visitor.ExpectFlashAsync("not right");
        await visitor.SignInAsync("anna@example.org", Password); // what was solved is used up: another one
        await visitor.ExpectAtAsync("/dashboard");
        Assert.True(await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM used_challenges") >= 5);
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task While_the_browser_works_it_says_so_and_a_second_press_sends_nothing_twice()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        await using var visitor = await chromium.VisitAsync(app);
        var (asked, posted, gate) = (0, 0, new TaskCompletionSource());
        visitor.Page.Request += (_, request) => posted += request.Method == "POST" ? 1 : 0;
        await visitor.GoAsync("/login");
        await visitor.Page.RouteAsync("**/auth/challenge**", async route =>
        {
            Interlocked.Increment(ref asked);
            await gate.Task;
            await route.ContinueAsync();
        });
        await visitor.TypeAsync("login", "anna@example.org");
        await visitor.TypeAsync("password", Password);
        var button = visitor.Main.Locator("form[action='/login'] button.block");
        await button.ClickAsync();
        await Expect(visitor.Main.GetByRole(AriaRole.Status)).ToContainTextAsync("your browser is doing a short calculation");
        await Expect(button).ToHaveAttributeAsync("aria-busy", "true");
        await button.ClickAsync();
        Assert.Equal(0, posted);
        await visitor.LeaveAsync(() =>
        {
            gate.SetResult();
            return Task.CompletedTask;
        });
        await visitor.ExpectFlashAsync("not right"); // there is no such account: the work was taken, and the password looked at
        Assert.Equal((1, 1), (asked, posted));
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Where_nothing_is_asked_a_form_is_sent_as_it_is()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "under-attack"));
        var owner = await app.NewActor("anna").SignUpAsync();
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.SignInAsync(owner.Email, owner.Password);
        await visitor.ExpectAtAsync("/dashboard");
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM used_challenges"));
        visitor.ExpectNoFault();
    }

    [BrowserFact]
    public async Task Without_script_somebody_waits_goes_back_and_is_let_in()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "under-attack"), ("SignIn:ChallengeServerFailures", "1"));
        var owner = await app.NewActor("anna").SignUpAsync(); // a sign-up counts as a try, and one is an attack here
        await using var visitor = await chromium.VisitAsync(app, script: false);
        await visitor.SignInAsync(owner.Email, owner.Password);
        await Expect(visitor.Main.GetByRole(AriaRole.Heading)).ToHaveTextAsync("One more step");
        app.Clock.Advance(TimeSpan.FromSeconds(16));
        await visitor.Page.GoBackAsync();
        await visitor.SignInAsync(owner.Email, owner.Password);
        await visitor.ExpectAtAsync("/dashboard");
        visitor.ExpectNoFault();
    }
}
