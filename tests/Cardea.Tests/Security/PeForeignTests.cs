using System.Net;
using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

public sealed class PeForeignTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task PE_02_A_role_taken_away_is_gone_at_once_and_from_the_next_token(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine"));
        var root = app.NewActor();
        root.Email = "root@example.org";
        await root.SignInAsync();
        Assert.Equal(["admin", "user"], Roles(Actor.Claims(root.AccessToken!)));

        // There is no door to roles yet: what a door would do.
        var (database, store) = (app.Services.GetRequiredService<Database>(), app.Services.GetRequiredService<RoleStore>());
        var id = (await root.GetAsync("/users/me")).Member("id")!;
        await database.WriteAsync(async transaction =>
        {
            await transaction.ExecuteAsync("DELETE FROM account_roles WHERE account_id = @id AND role = 'admin'", new { id });
            transaction.Invalidate(AccountDirectory.Topic, id);
        });
        Assert.Equal(["user"], Roles((await root.GetAsync("/users/me")).Json));
        (await root.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(["user"], Roles(Actor.Claims(root.AccessToken!)));
        Assert.False(await database.ReadAsync(scope => store.AnyHasAsync(scope, RoleName.Admin)));
    }

    /// <summary>What such a door reads, so that it comes to the id.</summary>
    private static object? BodyFor(string method) => method is "PATCH" ? new { name = "another name" } : null;

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_03_Somebody_elses_id_is_answered_as_nobodys_and_nothing_changes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, bob) = (await (await app.NewActor().SignUpAsync()).SignInAsync(), await (await app.NewActor().SignUpAsync()).SignInAsync());
        var before = await app.DumpSettledAsync();
        // An administrator's doors are closed to both whatever the id: AD-01.
        foreach (var route in JsonRoute.All(app).Where(route => route.Path.Contains(new string('0', 32), StringComparison.Ordinal) && !route.Path.StartsWith("/api/admin/", StringComparison.Ordinal)))
        {
            var unknown = await alice.SendAsync(new HttpMethod(route.Method), route.Path, BodyFor(route.Method));
            var foreign = await alice.SendAsync(new HttpMethod(route.Method), route.Path.Replace(new string('0', 32), bob.SessionId, StringComparison.Ordinal), BodyFor(route.Method));
            unknown.Expect(HttpStatusCode.NotFound, "not_found");
            Assert.Equal(unknown.Body, foreign.Body);
            Assert.Equal(unknown.Status, foreign.Status);
        }

        foreach (var id in new[] { alice.SessionId.ToUpperInvariant(), alice.SessionId + "%20", Guid.Parse(alice.SessionId).ToString(), "current", "..", "%2e%2e", "*", alice.Id!, bob.Id! })
        {
            (await alice.DeleteAsync("/sessions/" + id)).ExpectProblem(id, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed);
        }

        (await bob.SendAsync(HttpMethod.Delete, "/sessions/" + bob.SessionId, withToken: false)).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(before, await app.DumpSettledAsync());
        (await alice.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK);
        (await bob.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal(bob.SessionId, (await bob.GetAsync("/sessions")).Json.GetProperty("items").EnumerateArray().Single().GetProperty("id").GetString());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_05_An_account_made_anew_with_the_same_names_inherits_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var former = app.NewActor();
        former.Username = "heir" + former.Name;
        await (await former.SignUpAsync()).SignInAsync();
        var verify = await app.LastMailToAsync(former.Email);
        var reset = await OtTokenTests.ForgotAsync(app, former);
        (await former.PatchAsync("/users/me", new { email = "moved-" + former.Email })).Expect(HttpStatusCode.OK);
        var change = await app.LastMailToAsync("moved-" + former.Email);
        // An administrator, to make sure that not even that comes back.
        await app.Services.GetRequiredService<Database>().WriteAsync(transaction => app.Services.GetRequiredService<RoleStore>().GrantAsync(transaction, former.Id!, RoleName.Admin));
        await app.NewActor().SignUpAsync();
        await app.Database.ExecuteAsync("INSERT INTO account_roles (account_id, role) SELECT id, 'admin' FROM accounts WHERE id <> @Id", new { former.Id });
        (await former.DeleteAsync("/users/me", new { password = former.Password })).Expect(HttpStatusCode.OK);

        var heir = app.NewActor();
        (heir.Email, heir.Username, heir.Password) = (former.Email, former.Username, "copper window bridge seven");
        await (await heir.SignUpAsync()).SignInAsync();
        Assert.NotEqual(former.Id, heir.Id);
        (await former.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await former.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await former.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await former.PostAsync("/password/reset", new { token = reset.Token, password = former.Password })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        foreach (var mail in new[] { verify, change })
        {
            (await former.PostAsync("/verify/confirm", new { token = mail.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
            (await former.PostAsync("/verify/confirm", new { email = former.Email, code = mail.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        }

        var me = (await heir.GetAsync("/users/me")).Json;
        Assert.Equal(["user"], Roles(me));
        Assert.False(me.GetProperty("is_verified").GetBoolean());
        Assert.Single((await heir.GetAsync("/sessions")).Json.GetProperty("items").EnumerateArray());
        var export = (await heir.GetAsync("/users/me/export")).Body;
        Assert.DoesNotContain(former.Id!, export, StringComparison.Ordinal);
        Assert.DoesNotContain("account.deleted", export, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Roles(System.Text.Json.JsonElement json) => json.GetProperty("roles").EnumerateArray().Select(role => role.GetString());
}
