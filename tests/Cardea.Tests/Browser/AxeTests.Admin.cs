using System.Globalization;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

public sealed partial class AxeTests
{
    [AxeTheory, InlineData("en"), InlineData("de")]
    public async Task The_pages_of_the_administration_are_accessible(string language)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await VisitAsync(app, language);
        await visitor.GoAsync("/setup?token=" + app.Logs.Text.Split("/setup?token=")[1][..43]);
        await LookAsync(visitor, "setup");
        await FillAsync(visitor, ("email", "root@example.org"), ("password", "password"), ("password_again", "password"));
        await SendAsync(visitor);
        await LookAsync(visitor, "setup-refused");
        await FillAsync(visitor, ("password", Password), ("password_again", Password));
        await SendAsync(visitor);
        await visitor.ExpectAtAsync("/login");
        await LookAsync(visitor, "setup-done");
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        await Authenticator.SetUpAsync(app, bob);
        for (var guess = 0; guess < 11; guess++)
        {
            await app.NewActor("guesser").TrySignInAsync("not it " + guess, login: bob.Email);
        }

        await SeedAsync(app);
        await visitor.SignInAnyLanguageAsync("root@example.org", Password);
        await visitor.ExpectAtAsync("/dashboard");
        await visitor.GoAsync("/admin");
        await LookAsync(visitor, "admin-figures");
        await visitor.Page.Locator("summary").First.ClickAsync();
        await LookAsync(visitor, "admin-figures-table");
        await visitor.GoAsync("/admin/users");
        await LookAsync(visitor, "admin-users");
        await visitor.GoAsync("/admin/users?query=nobody-at-all");
        await LookAsync(visitor, "admin-users-none");
        await visitor.GoAsync("/admin/users/new");
        await LookAsync(visitor, "admin-user-new");
        await visitor.GoAsync("/admin/users/" + bob.Id);
        foreach (var summary in await visitor.Page.Locator("main summary").AllAsync())
        {
            await summary.ClickAsync();
        }

        await LookAsync(visitor, "admin-user");
        await FillAsync(visitor, ("confirm", "somebody@example.org"));
        await visitor.LeaveAsync(() => visitor.Page.Locator("form[action$='/delete'] button").ClickAsync());
        await Expect(visitor.Page.Locator("#confirm-error")).ToBeVisibleAsync();
        await LookAsync(visitor, "admin-user-deletion-refused");
        await visitor.GoAsync("/admin/roles");
        await visitor.Page.Locator("main summary").ClickAsync();
        await LookAsync(visitor, "admin-roles");
        await FillAsync(visitor, ("name", "support"), ("description", "Answers users' questions"));
        await visitor.Page.Locator("input[value='accounts.read']").CheckAsync();
        await SendAsync(visitor);
        await visitor.GoAsync("/admin/roles/support");
        await visitor.Page.Locator("main summary").ClickAsync();
        await LookAsync(visitor, "admin-role");
        foreach (var (path, name) in new[] { ("audit?event=sign_in.failed", "audit"), ("audit?event=role.deleted", "audit-none"), ("mail", "mail"), ("mail?status=parked", "mail-none"), ("settings", "settings"), ("health", "health") })
        {
            await visitor.GoAsync("/admin/" + path);
            await LookAsync(visitor, "admin-" + name);
        }

        await visitor.GoAsync("/admin/mail/" + await app.Database.ScalarAsync<string>("SELECT MAX(id) FROM outbox"));
        await LookAsync(visitor, "admin-mail-one");
        await visitor.GoAsync("/admin/keys");
        await visitor.Page.Locator("main summary").First.ClickAsync();
        await visitor.LeaveAsync(() => visitor.Page.Locator("main form button").First.ClickAsync());
        await Expect(visitor.Flash).ToBeVisibleAsync();
        await LookAsync(visitor, "admin-keys");
        Assert.Empty(_violations);
    }

    /// <summary>A month as it might have been, so that the plots have something to show.</summary>
    private static async Task SeedAsync(TestApp app)
    {
        var (events, accounts, number) = (new StringBuilder(), new StringBuilder(), 0);
        for (var day = 1; day < 30; day++)
        {
            var at = app.Clock.GetUtcNow().AddDays(-day).ToUnixTimeMilliseconds();
            var weekday = day % 7 is 2 or 3 ? 4 : 9;
            Add(events, weekday + (30 - day) / 2 + (day * 5 % 4), id => $"('{id}', 'sign_in.succeeded', {at})");
            Add(events, day == 9 ? 17 : 1 + day * 3 % 4, id => $"('{id}', 'sign_in.failed', {at})");
            Add(accounts, weekday / 3 + day * 7 % 3, id => $"('{id}', '{Names[number % Names.Length]}{number}@example.org', {at})");

            void Add(StringBuilder rows, int count, Func<string, string> row)
            {
                for (var i = 0; i < count; i++)
                {
                    rows.Append(rows.Length == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{row($"{Id.FirstAt(at)[..12]}{++number:x20}")}");
                }
            }
        }

        await app.Database.ExecuteAsync("INSERT INTO audit_events (id, event, at) VALUES " + events);
        await app.Database.ExecuteAsync("INSERT INTO accounts (id, email, created_at) VALUES " + accounts);
    }

    private static readonly string[] Names = ["ada.lind", "ben.okafor", "clara.moreau", "deniz.kaya", "erik.holm", "fatima.haddad", "greta.wolf", "hugo.silva"];
}
