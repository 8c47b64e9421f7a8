using Cardea.Foundation.Data;
using Cardea.Tests.Browser;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Stories;

/// <summary>The pages of "SecureAuth": sign in, register and dashboard on any screen, and a browser client that holds its token itself.</summary>
[Collection(Chromium.Collection)]
public sealed class SecureAuthPagesStory(Chromium chromium)
{
    private const string Client =
        """
        async ([email, password]) => {
          const send = (path, body, token) => fetch(path, {
            method: body ? "POST" : "GET", body: body && JSON.stringify(body),
            headers: { ...(body && { "content-type": "application/json" }), ...(token && { authorization: "Bearer " + token }) },
          });
          const created = await send("/users", { email, password });
          const wrong = await send("/auth/login", { email, password: "something else" });
          const tokens = await (await send("/auth/login", { email, password })).json();
          const me = await send("/users/me", null, tokens.access_token);
          const nobody = await send("/users/me");
          const health = await send("/health");
          return [created.status, wrong.status, (await wrong.json()).error, me.status, (await me.json()).email, nobody.status, health.status].join("\n");
        }
        """;

    [BrowserFact]
    public async Task A_script_of_the_same_origin_keeps_the_token_and_sends_it_as_bearer()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Passwords:RefuseCommon", "false"));
        await using var visitor = await chromium.VisitAsync(app);
        await visitor.GoAsync("/login");
        var told = (await visitor.Page.EvaluateAsync<string>(Client, new[] { "user@example.com", "password123" })).Split('\n');
        Assert.Equal(["201", "401"], told[..2]);
        Assert.NotEmpty(told[2]);
        Assert.Equal(["200", "user@example.com", "401", "200"], told[3..]);
    }

    [BrowserTheory, InlineData(1280), InlineData(390), InlineData(320)]
    public async Task Register_sign_in_and_dashboard_fit_the_screen(int width)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Passwords:RefuseCommon", "false"));
        await using var visitor = await chromium.VisitAsync(app, change: options => options.ViewportSize = new() { Width = width, Height = 800 });
        await visitor.GoAsync("/register.html");
        await visitor.ExpectAtAsync("/register");
        await FitsAsync(visitor, width);
        await visitor.TypeAsync("email", "user@example.com");
        await visitor.TypeAsync("password", "password123");
        await visitor.TypeAsync("password_again", "password123");
        await visitor.PressAsync("Create the account");
        await visitor.ExpectAtAsync("/login");
        await FitsAsync(visitor, width);
        await visitor.SignInAsync("user@example.com", "password123");
        await visitor.ExpectAtAsync("/dashboard");
        await FitsAsync(visitor, width);
        await Expect(visitor.Main).ToContainTextAsync("user@example.com");
        visitor.ExpectNoFault();
    }

    private static async Task FitsAsync(Visitor visitor, int width) =>
        Assert.InRange(await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
}
