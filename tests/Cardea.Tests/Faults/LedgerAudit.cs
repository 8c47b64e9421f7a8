using System.Net;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>Holds a ledger against the server that came back, through its doors.</summary>
public static class LedgerAudit
{
    /// <summary>Everything that was acknowledged is so; what was not answered has happened or has not, and nothing in between.</summary>
    public static async Task HoldsAsync(RunningServer server, IReadOnlyCollection<LedgerEntry> ledger)
    {
        // The tokens first: whose last refresh was not answered has ten seconds to ask again.
        var faults = new List<string>();
        await InParallelAsync(ledger.Where(person => person.RefreshToken is not null).OrderByDescending(person => person.RefreshIsUnanswered), async person =>
        {
            var answer = await server.PostAsync("/auth/refresh", new { refresh_token = person.RefreshToken });
            var mayHaveEnded = person.UnansweredPassword is not null;
            if (answer.Status is HttpStatusCode.OK)
            {
                (person.AccessToken, person.RefreshToken, person.RefreshIsUnanswered) = (answer.Member("access_token"), answer.Member("refresh_token"), false);
            }
            else if (!mayHaveEnded || answer.Status is not HttpStatusCode.Unauthorized)
            {
                Tell($"{person.Email}: its refresh token (last refresh {(person.RefreshIsUnanswered ? "un" : "")}answered) is {(int)answer.Status} {answer.Code}");
            }
        });
        await InParallelAsync(ledger.Where(person => person.IsSignedUp), async person =>
        {
            var answer = await SignInAsync(server, person, person.Password);
            if (person.UnansweredPassword is { } asked)
            {
                var (old, other) = (answer, await SignInAsync(server, person, asked));
                if (old.Status is HttpStatusCode.OK == other.Status is HttpStatusCode.OK)
                {
                    Tell($"{person.Email}: of two passwords one should work; {(int)old.Status} and {(int)other.Status}");
                }

                answer = old.Status is HttpStatusCode.OK ? old : other;
                (person.Password, person.UnansweredPassword) = (old.Status is HttpStatusCode.OK ? person.Password : asked, null);
            }

            if (answer.Status is not HttpStatusCode.OK)
            {
                Tell($"{person.Email}: its password is {(int)answer.Status} {answer.Code}");
                return;
            }

            var name = (await server.GetAsync("/users/me", answer.Member("access_token"))).Member("given_name");
            if (name != NameOf(person.Name) && (person.UnansweredName is not { } unanswered || name != NameOf(unanswered)))
            {
                Tell($"{person.Email}: is called \"{name}\" and not {person.Name} or {person.UnansweredName}");
            }
        });
        Assert.Empty(faults);

        void Tell(string fault)
        {
            lock (faults)
            {
                faults.Add(fault);
            }
        }
    }

    private static string? NameOf(long number) => number == 0 ? null : $"name {number}";

    private static Task<Answer> SignInAsync(RunningServer server, LedgerEntry person, string password) => server.PostAsync("/auth/login", new { login = person.Email, password });

    private static Task InParallelAsync(IEnumerable<LedgerEntry> people, Func<LedgerEntry, Task> act) =>
        Parallel.ForEachAsync(people.ToList(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (person, _) => await act(person));
}
