using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Tests.Harness;
using Cardea.Tests.House;

namespace Cardea.Tests.Security;

/// <summary>
/// Every operation of the OpenAPI document, as anybody, as a member and as an administrator, against what the document allows and what it doesn't. Whatever is
/// sent, the answer is one that the document tells of. <c>CARDEA_TEST_MESSAGES=100000</c> sends so many; without it some thousands.
/// </summary>
public sealed partial class ApiFuzzChecks
{
    private static readonly HashSet<(string Code, int Status)> Codes = [.. RegistriesTests.Gather<Problem>().Select(found => (found.Value.Code, found.Value.Status))];

    [Theory, OnSqlite, OnPostgres]
    public async Task Whatever_is_sent_to_an_operation_the_answer_is_one_that_the_document_tells_of(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var document = await ApiDocument.OfAsync(app);
        var (random, seen) = (new Random(20260103), new HashSet<ApiOperation>());
        var requests = new HostileRequests(random);
        var (member, administrator) = (await NewMemberAsync(app), await app.NewAdministratorAsync());
        var faults = new Dictionary<string, string>();
        for (var number = 0; number < Messages.Or(2000); number++)
        {
            var operation = document.Operations[number % document.Operations.Count];
            var actor = random.Next(10) switch
            {
                0 => null,
                < 5 => member,
                _ => administrator,
            };
            requests.Keep(member.Id!);
            var request = requests.Make(operation, actor?.RefreshToken);
            var token = actor is not null && random.Next(40) == 0 ? actor.AccessToken + "x" : actor?.AccessToken;
            var answer = await stranger.SendBytesAsync(operation.Method, request.Target, request.Body, token, request.ContentType, change: message =>
            {
                message.Headers.TransferEncodingChunked = request.IsChunked ? true : null;
                message.Headers.ExpectContinue = request.Body is { Length: > 64 * 1024 } ? true : null; // a client that is still sending might miss the refusal
                foreach (var (name, value) in request.Headers)
                {
                    _ = message.Headers.TryAddWithoutValidation(name, value) || message.Content?.Headers.TryAddWithoutValidation(name, value) is true;
                }

                if (operation.Path.StartsWith("/dev/", StringComparison.Ordinal))
                {
                    message.Headers.Remove("X-Forwarded-For"); // asked from this machine
                }
            });
            var about = $"message {number} as {(actor is null ? "nobody" : actor == member ? "a member" : "an administrator")}: {operation.Method} {request}\n{(int)answer.Status} {answer.Body}";
            if (answer.Body.Length == 0 && (answer.Status is HttpStatusCode.BadRequest ? NotAPath().IsMatch(request.Target) : answer.Status is HttpStatusCode.RequestUriTooLong && request.Target.Length > 8000))
            {
                continue; // Kestrel's own refusal, before anything of ours sees the request
            }

            if (operation.Fault(answer) is { } fault || (int)answer.Status >= 500)
            {
                // All that is wrong at once, and one of each kind.
                faults.TryAdd($"{operation} {(int)answer.Status} {answer.Code}", $"{operation.Fault(answer)}; {about}");
            }
            else if ((int)answer.Status >= 400)
            {
                answer.ExpectProblem(about);
                Assert.True(Codes.Contains((answer.Code!, (int)answer.Status)), $"the code is not in the registry; {about}");
            }
            else
            {
                seen.Add(operation);
                requests.Remember(answer.Json);
            }

            if (actor is not null && (operation.Method != "GET" || answer.Status is HttpStatusCode.Unauthorized))
            {
                // Whoever was signed out, locked, disabled or deleted makes room for somebody fresh.
                if (actor == member && (await member.GetAsync("/users/me")).Status is not HttpStatusCode.OK)
                {
                    member = await NewMemberAsync(app);
                }
                else if (actor == administrator && (await administrator.GetAsync("/api/admin/stats")).Status is not HttpStatusCode.OK)
                {
                    administrator = await app.NewAdministratorAsync();
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults.Values));
        // An operation that nothing ever reached has had nothing tried on it but its door.
        Assert.Empty(document.Operations.Where(operation => operation.Method == "GET").Except(seen).Select(operation => operation.ToString()));
        Assert.True(seen.Count >= 28, $"Only {seen.Count} of {document.Operations.Count} operations were ever done: {string.Join(", ", seen)}");
        Assert.DoesNotContain(app.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));
        (await app.NewActor().GetAsync("/health/ready")).Expect(HttpStatusCode.OK);
    }

    private static async Task<Actor> NewMemberAsync(TestApp app) => await (await app.NewActor("member").SignUpAsync()).SignInAsync();

    [GeneratedRegex("%00|%25%30%30|%zz|%(?![0-9a-fA-F]{2})")]
    private static partial Regex NotAPath();
}
