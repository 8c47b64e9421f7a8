using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>The settings name the first administrator; nobody else can become it.</summary>
public sealed class FirstAdministratorStory
{
    private static readonly (string Key, string Value)[] Bootstrap = [("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "copper river under glass")];

    [Theory, OnSqlite, OnPostgres]
    public async Task The_administrator_of_the_settings_signs_in_and_is_made_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Bootstrap);
        var root = Root(app);
        await root.SignInAsync();
        Assert.Equal(["admin", "user"], Roles((await root.GetAsync("/users/me")).Json));
        Assert.Equal(["admin", "user"], Roles(Actor.Claims(root.AccessToken!)));

        // Another start, with another password in the settings: there is an administrator, so nothing is done.
        await using var again = await app.StartNodeAsync(Bootstrap[0], ("Bootstrap:AdminPassword", "another river under glass"));
        (await Root(again).TrySignInAsync("another river under glass")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await Root(again).TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'admin.bootstrapped'"));
        Assert.DoesNotContain(root.Password, app.Logs.Text, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Whoever_took_the_address_before_loses_it_to_the_settings(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var squatter = app.NewActor("squatter");
        squatter.Email = Bootstrap[0].Value;
        await (await squatter.SignUpAsync()).SignInAsync();

        await using var restarted = await app.StartNodeAsync([("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)), .. Bootstrap]);

        var there = restarted.NewActor();
        (there.AccessToken, there.RefreshToken) = (squatter.AccessToken, squatter.RefreshToken);
        (await there.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await there.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        var root = Root(restarted);
        (await root.TrySignInAsync(squatter.Password)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await root.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    /// <summary>An authenticator app or a passkey of the squatter's would open the administrator's account, or keep its owner out.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task Whoever_took_the_address_before_leaves_no_factor_behind(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var squatter = app.NewActor("squatter");
        squatter.Email = Bootstrap[0].Value;
        await (await squatter.SignUpAsync()).SignInAsync();
        await Authenticator.SetUpAsync(app, squatter);

        await using var restarted = await app.StartNodeAsync([("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)), .. Bootstrap]);
        (await Root(restarted).TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM totp_secrets"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_last_administrator_stays(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Bootstrap);
        var root = await Root(app).SignInAsync();

        (await root.DeleteAsync("/users/me", new { password = root.Password })).Expect(HttpStatusCode.Conflict, "last_admin");
        (await root.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_11_Without_the_settings_there_is_no_administrator_and_nobody_signs_up_as_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var first = await (await app.NewActor("first").SignUpAsync()).SignInAsync();

        Assert.Equal(["user"], Roles((await first.GetAsync("/users/me")).Json));
        foreach (var (name, password) in new[] { ("admin", "admin"), ("admin", "password"), ("root", "root"), ("administrator", "changeme"), ("cardea", "cardea") })
        {
            (await first.TrySignInAsync(password, login: name)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }
    }

    private static Actor Root(TestApp app)
    {
        var root = app.NewActor("root");
        (root.Email, root.Password) = (Bootstrap[0].Value, Bootstrap[1].Value);
        return root;
    }

    private static List<string?> Roles(JsonElement holder) => [.. holder.GetProperty("roles").EnumerateArray().Select(role => role.GetString()).Order()];
}
