using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>
/// What one person was told, and what was asked for and not answered. After a fault the first must be so; of the second nobody knows, and either
/// is right.
/// </summary>
public sealed class LedgerEntry(int number)
{
    public string Email { get; } = $"ledger{number}@example.org";

    /// <summary>Everybody is at home somewhere else, or the limits of one address would end the load.</summary>
    public string Address { get; } = $"10.{number / 62_500 % 250}.{number / 250 % 250}.{1 + (number % 250)}";

    public bool IsSignedUp { get; set; }

    public string Password { get; set; } = "violet tractor lamp nine";

    public string? UnansweredPassword { get; set; }

    public string? RefreshToken { get; set; }

    public string? AccessToken { get; set; }

    public bool RefreshIsUnanswered { get; set; }

    public long Name { get; set; }

    public long? UnansweredName { get; set; }
}

/// <summary>People who sign up, sign in, refresh, rename themselves and reset their passwords, all at once, until they are stopped; and the ledger of what they were told.</summary>
public sealed partial class MixedLoad
{
    private static int _count;

    private readonly RunningServer _server;
    private readonly Uri? _through;
    private readonly CancellationTokenSource _enough = new();
    private readonly Task _working;
    private long _acknowledged;
    private long _refused;
    private long _unanswered;

    private MixedLoad(RunningServer server, int people, Uri? through)
    {
        (_server, _through) = (server, through);
        _working = Task.WhenAll(Enumerable.Range(0, people).Select(_ => Task.Run(LiveAsync)));
    }

    public ConcurrentQueue<LedgerEntry> Ledger { get; } = [];

    /// <summary>Answers that no outage explains: an internal error, a right password or token that was refused, a limit that nobody came near.</summary>
    public ConcurrentQueue<string> Wrong { get; } = [];

    /// <summary>Writes that were answered as done.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Requests that were told to come again: 503 with Retry-After.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Requests that got no answer at all.</summary>
    public long Unanswered => Interlocked.Read(ref _unanswered);

    /// <param name="server">Where they go.</param>
    /// <param name="people">How many at once.</param>
    /// <param name="through">Where else they go, such as a proxy.</param>
    public static MixedLoad Start(RunningServer server, int people = 6, Uri? through = null) => new(server, people, through);

    /// <summary>Until everybody has heard the last answer, or that there is none.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await _working;
        _enough.Dispose();
    }

    private async Task LiveAsync()
    {
        while (!_enough.IsCancellationRequested)
        {
            var person = new LedgerEntry(Interlocked.Increment(ref _count));
            Ledger.Enqueue(person);
            if (!await SignUpAsync(person) || !await SignInAsync(person))
            {
                await Task.Delay(20);
                continue;
            }

            var goesOn = true;
            for (var deed = 0; goesOn && deed < 8 && !_enough.IsCancellationRequested; deed++)
            {
                goesOn = deed % 2 == 0 ? await RefreshAsync(person) : await RenameAsync(person);
            }

            if (goesOn && RandomNumberGenerator.GetInt32(4) == 0)
            {
                await ResetAsync(person);
            }
        }
    }

    private async Task<bool> SignUpAsync(LedgerEntry person)
    {
        var answer = await AskAsync(person, "/auth/signup", new { email = person.Email, password = person.Password }, HttpStatusCode.Created);
        return person.IsSignedUp = answer is not null;
    }

    private async Task<bool> SignInAsync(LedgerEntry person)
    {
        if (await AskAsync(person, "/auth/login", new { login = person.Email, password = person.Password }, HttpStatusCode.OK) is not { } answer)
        {
            return false;
        }

        (person.AccessToken, person.RefreshToken) = (answer.Member("access_token"), answer.Member("refresh_token"));
        return true;
    }

    private async Task<bool> RefreshAsync(LedgerEntry person)
    {
        person.RefreshIsUnanswered = true;
        if (await AskAsync(person, "/auth/refresh", new { refresh_token = person.RefreshToken }, HttpStatusCode.OK) is not { } answer)
        {
            return false;
        }

        (person.AccessToken, person.RefreshToken, person.RefreshIsUnanswered) = (answer.Member("access_token"), answer.Member("refresh_token"), false);
        return true;
    }

    private async Task<bool> RenameAsync(LedgerEntry person)
    {
        person.UnansweredName = person.Name + 1;
        var answer = await _server.TryAsync(HttpMethod.Patch, At("/users/me"), new { given_name = $"name {person.UnansweredName}" }, person.AccessToken, person.Address);
        if (!Judge("PATCH /users/me", answer, HttpStatusCode.OK))
        {
            return false;
        }

        (person.Name, person.UnansweredName) = (person.Name + 1, null);
        return true;
    }

    private async Task ResetAsync(LedgerEntry person)
    {
        if (await AskAsync(person, "/password/forgot", new { email = person.Email }, HttpStatusCode.Accepted) is null
            || await _server.TryGetAsync(At($"/dev/mail/messages?to={person.Email}")) is not { Status: HttpStatusCode.OK } mails
            || ResetLink().Match(mails.Body) is not { Success: true } link)
        {
            return;
        }

        person.UnansweredPassword = $"copper walrus {RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        if (await AskAsync(person, "/password/reset", new { token = link.Groups[1].Value, password = person.UnansweredPassword }, HttpStatusCode.OK) is not null)
        {
            (person.Password, person.UnansweredPassword, person.RefreshToken) = (person.UnansweredPassword, null, null);
        }
    }

    private async Task<Answer?> AskAsync(LedgerEntry person, string path, object body, HttpStatusCode good)
    {
        var answer = await _server.TryAsync(HttpMethod.Post, At(path), body, from: person.Address);
        return Judge(path, answer, good) ? answer : null;
    }

    private string At(string path) => _through is null ? path : new Uri(_through, path).ToString();

    private bool Judge(string what, Answer? answer, HttpStatusCode good)
    {
        if (answer?.Status == good)
        {
            Interlocked.Increment(ref _acknowledged);
            return true;
        }

        if (answer is { Status: HttpStatusCode.ServiceUnavailable } && answer.Header("Retry-After") is not null)
        {
            Interlocked.Increment(ref _refused);
        }
        else if (answer is null)
        {
            Interlocked.Increment(ref _unanswered);
        }
        else
        {
            Wrong.Enqueue($"{what}: {(int)answer.Status} {answer.Body}");
        }

        return false;
    }

    [GeneratedRegex(@"/reset-password\?token=([A-Za-z0-9_-]{43})")]
    private static partial Regex ResetLink();
}
