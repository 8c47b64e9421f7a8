using System.Net;
using Cardea.Features.Accounts;
using Cardea.Features.Admin;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Races;

public sealed class LastAdminRaces
{
    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_Of_two_administrators_who_leave_at_once_one_must_stay(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < 5; round++)
        {
            Actor[] admins = [app.NewActor("admin"), app.NewActor("admin")];
            foreach (var admin in admins)
            {
                await admin.SignUpAsync();
                await app.Database.ExecuteAsync("INSERT INTO account_roles (account_id, role) VALUES (@Id, 'admin')", new { admin.Id });
                await admin.SignInAsync();
            }

            var answers = await Race.RunAsync(10, number => admins[number % 2].DeleteAsync("/users/me", new { password = admins[number % 2].Password }));

            Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
            Assert.Contains(answers, answer => answer is { Status: HttpStatusCode.Conflict, Code: "last_admin" });
            Assert.All(answers, answer => Assert.True((int)answer.Status < 500, answer.Body));
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'admin'"));
            await app.Database.ExecuteAsync("DELETE FROM account_roles WHERE role = 'admin'");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_Of_two_administrators_who_lose_it_ten_times_at_once_one_must_stay(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (disabling, grants, database) = (app.Services.GetRequiredService<AccountDisabling>(), app.Services.GetRequiredService<RoleGrants>(), app.Database);
        var by = new Administrator("test", ClientInfo.Server("test"));
        Actor[] admins = [await app.NewActor("admin").SignUpAsync(), await app.NewActor("admin").SignUpAsync()];
        for (var round = 0; round < 5; round++)
        {
            foreach (var admin in admins)
            {
                await disabling.EnableAsync(admin.Id!, by);
                Assert.Null(await grants.GrantAsync(admin.Id!, "admin", by));
            }

            var refusals = await Race.RunAsync(10, number => admins[number % 2].Id is var id && number < 4 ? disabling.DisableAsync(id!, by) : grants.RevokeAsync(id!, "admin", by));

            Assert.Contains(refusals, refusal => refusal == AccountProblems.LastAdmin);
            Assert.All(refusals, refusal => Assert.True(refusal is null || refusal == AccountProblems.LastAdmin, refusal?.Code));
            Assert.Equal(1, await database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'admin' AND a.disabled_at IS NULL"));
        }
    }
}
