using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Admin;

/// <summary>Roles, what they may do, and who may give them.</summary>
public sealed class AdminRolesTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task PE_02_A_role_is_true_at_once_for_tokens_already_issued_and_in_the_next_token(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        (await carol.GetAsync("/api/admin/users")).Expect(HttpStatusCode.Forbidden, "forbidden");
        (await root.PostAsync("/api/admin/roles", new { name = "support", description = "Answers questions", permissions = new[] { "accounts.read" } })).Expect(HttpStatusCode.Created);
        (await SetAsync(root, carol, "support")).Expect(HttpStatusCode.OK);

        (await carol.GetAsync("/api/admin/users")).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/api/admin/audit")).Expect(HttpStatusCode.Forbidden);
        (await carol.PostAsync($"/api/admin/users/{root.Id}/disable")).Expect(HttpStatusCode.Forbidden);
        (await carol.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(["support", "user"], Actor.Claims(carol.AccessToken!).GetProperty("roles").EnumerateArray().Select(role => role.GetString()));

        (await root.PatchAsync("/api/admin/roles/support", new { permissions = new[] { "audit.read" } })).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/api/admin/users")).Expect(HttpStatusCode.Forbidden);
        (await carol.GetAsync("/api/admin/audit")).Expect(HttpStatusCode.OK);
        (await root.DeleteAsync("/api/admin/roles/support")).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/api/admin/audit")).Expect(HttpStatusCode.Forbidden);
        Assert.Equal(["user"], Roles((await carol.GetAsync("/users/me")).Json));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_The_last_administrator_stays_one_whatever_is_tried_ten_times_at_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var second = await app.NewAdministratorAsync("second");
        var answers = await Race.RunAsync(10, number => (number % 5) switch
        {
            0 => root.PostAsync($"/api/admin/users/{second.Id}/disable"),
            1 => second.PostAsync($"/api/admin/users/{root.Id}/disable"),
            2 => SetAsync(root, second),
            3 => SetAsync(second, root),
            _ => root.DeleteAsync($"/api/admin/users/{root.Id}"),
        });

        Assert.All(answers, answer => Assert.True((int)answer.Status < 500, answer.Body));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'admin' AND a.disabled_at IS NULL"));
        var last = (await root.GetAsync("/api/admin/users")).Status is HttpStatusCode.OK ? root : second;
        (await last.PostAsync($"/api/admin/users/{last.Id}/disable")).Expect(HttpStatusCode.Conflict, "last_admin");
        (await SetAsync(last, last)).Expect(HttpStatusCode.Conflict, "last_admin");
        (await last.DeleteAsync($"/api/admin/users/{last.Id}")).Expect(HttpStatusCode.Conflict, "last_admin");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_01_Nobody_gives_or_acts_on_more_than_they_may_do_themselves(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        (await root.PostAsync("/api/admin/roles", new { name = "keeper", permissions = new[] { "accounts.read", "accounts.write", "roles.read", "roles.write" } })).Expect(HttpStatusCode.Created);
        (await root.PostAsync("/api/admin/roles", new { name = "auditor", permissions = new[] { "audit.read" } })).Expect(HttpStatusCode.Created);
        var keeper = await (await app.NewActor("keeper").SignUpAsync()).SignInAsync();
        (await SetAsync(root, keeper, "keeper")).Expect(HttpStatusCode.OK);

        (await SetAsync(keeper, keeper, "keeper", "admin")).Expect(HttpStatusCode.Forbidden);
        (await SetAsync(keeper, keeper, "keeper", "auditor")).Expect(HttpStatusCode.Forbidden);
        (await SetAsync(keeper, root)).Expect(HttpStatusCode.Forbidden);
        foreach (var act in new[] { "disable", "sign-out", "send-reset", "temporary-password", "unlock", "enable" })
        {
            (await keeper.PostAsync($"/api/admin/users/{root.Id}/{act}")).Expect(HttpStatusCode.Forbidden, "forbidden");
        }

        (await keeper.DeleteAsync($"/api/admin/users/{root.Id}")).Expect(HttpStatusCode.Forbidden);
        (await keeper.PatchAsync($"/api/admin/users/{root.Id}", new { email = "mine@example.org" })).Expect(HttpStatusCode.Forbidden);
        (await keeper.PostAsync("/api/admin/roles", new { name = "more", permissions = new[] { "keys.write" } })).Expect(HttpStatusCode.Forbidden);
        (await keeper.PatchAsync("/api/admin/roles/keeper", new { permissions = new[] { "accounts.read", "audit.read" } })).Expect(HttpStatusCode.Forbidden);
        (await keeper.DeleteAsync("/api/admin/roles/auditor")).Expect(HttpStatusCode.Forbidden);
        (await keeper.PostAsync("/api/admin/users", new { email = "friend@example.org", roles = new[] { "admin" } })).Expect(HttpStatusCode.Forbidden);
        (await keeper.PostAsync("/api/admin/users", new { email = "friend@example.org", roles = new[] { "keeper" } })).Expect(HttpStatusCode.Created);
        Assert.Equal(["admin", "user"], Roles((await root.GetAsync("/users/me")).Json));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_role_that_is_wrong_is_refused_by_its_field(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        foreach (var (body, field) in new (object, string)[]
        {
            (new { }, "name"), (new { name = "A" }, "name"), (new { name = "with space" }, "name"), (new { name = new string('a', 33) }, "name"), (new { name = "x1", description = "two\nlines" }, "description"),
            (new { name = "x1", permissions = new[] { "everything" } }, "permissions"),
        })
        {
            var answer = (await root.PostAsync("/api/admin/roles", body)).Expect(HttpStatusCode.BadRequest, "validation_failed");
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty(field, out _), answer.Body);
        }

        (await root.PostAsync("/api/admin/roles", new { name = "admin" })).Expect(HttpStatusCode.Conflict, "role_taken");
        (await root.DeleteAsync("/api/admin/roles/admin")).Expect(HttpStatusCode.Conflict, "role_protected");
        (await root.PatchAsync("/api/admin/roles/user", new { permissions = new[] { "accounts.read" } })).Expect(HttpStatusCode.Conflict, "role_protected");
        (await root.PatchAsync("/api/admin/roles/nothing", new { description = "x" })).Expect(HttpStatusCode.NotFound);
        (await SetAsync(root, root, "admin", "nothing")).Expect(HttpStatusCode.BadRequest, "unknown_role");
    }

    private static Task<Answer> SetAsync(Actor by, Actor of, params string[] roles) => by.SendAsync(HttpMethod.Put, $"/api/admin/users/{of.Id}/roles", new { roles });

    private static IEnumerable<string?> Roles(JsonElement user) => user.GetProperty("roles").EnumerateArray().Select(role => role.GetString());
}
