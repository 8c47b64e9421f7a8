using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

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
}
