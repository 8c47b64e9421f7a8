using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Races;

/// <summary>A name belongs to one account, whoever looked first: the database has the last word.</summary>
public sealed class SignUpRaces
{
    private const int Callers = 50;
    private const int Rounds = 3;

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_50_that_sign_up_with_one_address_in_any_case_one_gets_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            var address = $"race{round}@example.org";

            var answers = await Race.RunAsync(Callers, number =>
                app.NewActor().PostAsync("/auth/signup", new { email = InCase(address, number), password = "violet tractor lamp nine" }));

            Assert.Single(answers, answer => answer.Status is HttpStatusCode.Created);
            Assert.Equal(Callers - 1, answers.Count(answer => answer is { Status: HttpStatusCode.Conflict, Code: "email_taken" }));
            Assert.Equal([address], await app.Database.QueryAsync<string>("SELECT email FROM accounts WHERE lower(email) = @address", new { address }));
            Assert.Single(await app.MailsToAsync(address));
        }

        Assert.Equal(Rounds, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_50_that_sign_up_with_one_username_in_any_case_one_gets_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        for (var round = 0; round < Rounds; round++)
        {
            var username = $"racer{round}";

            var answers = await Race.RunAsync(Callers, number =>
            {
                var actor = app.NewActor("racer");
                actor.Username = InCase(username, number);
                return actor.TrySignUpAsync();
            });

            Assert.Single(answers, answer => answer.Status is HttpStatusCode.Created);
            Assert.Equal(Callers - 1, answers.Count(answer => answer is { Status: HttpStatusCode.Conflict, Code: "username_taken" }));
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE lower(username) = @username", new { username }));
        }
    }

    /// <summary>Upper case where the number has a bit.</summary>
    private static string InCase(string text, int number) =>
        string.Concat(text.Select((letter, index) => index < 6 && (number >> index & 1) == 1 ? char.ToUpperInvariant(letter) : letter));
}
