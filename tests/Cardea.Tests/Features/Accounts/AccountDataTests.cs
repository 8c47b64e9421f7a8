using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Features.Accounts;

/// <summary>What is stored about a person is told in the export, and gone when the account goes.</summary>
public sealed class AccountDataTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task PR_01_Every_table_with_an_account_belongs_to_a_part_of_the_export(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var columns = await ColumnsAsync(app);
        var parts = app.Services.GetServices<AccountData>().ToList();

        var personal = columns.Where(column => column.Column == "account_id").Select(column => column.Table).Append("accounts").Distinct().Order(StringComparer.Ordinal).ToList();

        Assert.Contains("sessions", personal);
        Assert.Equal(personal, parts.SelectMany(part => part.Tables).Order(StringComparer.Ordinal));
        Assert.Equal(parts.Count, parts.Select(part => part.Section).Distinct().Count());
        var alice = await app.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        var export = (await alice.GetAsync("/users/me/export")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(parts.Select(part => part.Section).Order(), export.EnumerateObject().Select(member => member.Name).Order());
    }

    [Theory, OnSqlite("none"), OnSqlite("mailbox"), OnPostgres("none"), OnPostgres("mailbox")]
    public async Task PR_01_Nothing_that_tells_of_a_person_stays_when_the_account_is_gone(Engine engine, string transport)
    {
        string[] canaries = ["canaryaddress", "canaryuser", "CanaryGiven", "CanaryFamily", "canary-agent/7.3", "canarynew"];
        await using var app = await TestApp.StartAsync(engine, ("Mail:Transport", transport));
        var alice = await LiveALittleAsync(app);
        Assert.True((await FindAsync(app, canaries)).Count > 5); // the search would find it

        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        await Eventually.IsAsync(async () => await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued'") == 0, "the last mail went out");

        // The development mailbox stands for the person's own, to which the news of the end is sent after the end.
        await app.Database.ExecuteAsync("DELETE FROM mailbox WHERE recipient = @Email AND subject LIKE '%deleted%'", new { alice.Email });
        Assert.Empty(await FindAsync(app, canaries));
    }

    [Fact]
    public async Task PR_01_The_file_itself_forgets_a_deleted_person_when_the_server_has_stopped()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        var app = await TestApp.StartAsync(Engine.Sqlite, database, null, ("Mail:Transport", "none"));
        var alice = await LiveALittleAsync(app);
        Assert.Contains("canaryaddress", Files(database), StringComparison.Ordinal);

        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        await Eventually.IsAsync(async () => await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued'") == 0, "the last mail went out");
        await app.StopAsync();
        await app.DisposeAsync();

        foreach (var canary in new[] { "canaryaddress", "canaryuser", "CanaryGiven", "CanaryFamily", "canary-agent/7.3", "canarynew" })
        {
            Assert.DoesNotContain(canary, Files(database), StringComparison.Ordinal);
        }
    }

    private static async Task<Actor> LiveALittleAsync(TestApp app)
    {
        var alice = app.NewActor("alice");
        (alice.Email, alice.Username, alice.UserAgent) = ("canaryaddress@example.org", "canaryuser", "canary-agent/7.3");
        await alice.SignUpAsync();
        await alice.TrySignInAsync("not the password");
        await alice.SignInAsync();
        (await alice.PatchAsync("/users/me", new { given_name = "CanaryGiven", family_name = "CanaryFamily" })).Expect(HttpStatusCode.OK);
        (await alice.PatchAsync("/users/me", new { email = "canarynew@example.org" })).Expect(HttpStatusCode.OK);
        await alice.PostAsync("/password/forgot", new { email = alice.Email });
        await Eventually.IsAsync(
            async () => await app.Database.ScalarAsync<long>("SELECT (SELECT COUNT(*) FROM mail_requests) + (SELECT COUNT(*) FROM outbox WHERE state = 'queued')") == 0, "all was mailed");
        return alice;
    }

    private static async Task<List<string>> FindAsync(TestApp app, string[] canaries)
    {
        var found = new List<string>();
        foreach (var (table, column) in await ColumnsAsync(app))
        {
            foreach (var value in await app.Database.QueryAsync<object?>($"SELECT {column} FROM {table}"))
            {
                var text = ((IDictionary<string, object?>)value!).Values.Single() switch
                {
                    byte[] bytes => Encoding.Latin1.GetString(bytes),
                    var other => other?.ToString() ?? "",
                };
                found.AddRange(canaries.Where(canary => text.Contains(canary, StringComparison.OrdinalIgnoreCase)).Select(canary => $"{table}.{column}: {canary}"));
            }
        }

        return found;
    }

    private static string Files(TestDatabase database) =>
        string.Concat(Directory.GetFiles(database.Directory, "cardea.db*").Select(path =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, Encoding.Latin1);
            return reader.ReadToEnd();
        }));

    private static Task<List<(string Table, string Column)>> ColumnsAsync(TestApp app) =>
        app.Database.QueryAsync<(string Table, string Column)>((app.Database.Engine is Engine.Postgres ? Dialect.Postgres : Dialect.Sqlite).Columns);
}
