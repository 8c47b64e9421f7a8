using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cardea.Features.Sessions;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Challenges;

public sealed record ChallengeBody(WorkChallenge? Challenge);

/// <summary>What stands before the challenged doors, pages and JSON alike.</summary>
public sealed class ChallengesEndpoints(ChallengeDemand demand, ChallengesOptions options, DeviceCookie deviceCookie, StepCookie steps, RequestLimiter limiter, TimeProvider clock)
{
    private const string WaitStep = "wait";
    private const string SignUp = "sign-up";

    /// <summary>What the challenged doors are for: their names in the document.</summary>
    internal static readonly string[] Purposes = ["sign-in", "sign-up", "mail", "reset"];

    /// <summary>Without script one waits instead of working: so long, so many of one address in a minute.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WaitedFor = TimeSpan.FromMinutes(10);
    private static readonly Limit Waits = Limit.Requests("challenge-wait", 6, TimeSpan.FromMinutes(1));

    private const string Title = "One more step";
    private const string WaitHere = "Your browser is asked for a short calculation first, which keeps floods of guesses out, and it did not do it: perhaps its script is off. Please wait a quarter of a minute, go back, and send the form again: it is then taken as it is.";
    private const string WaitLonger = "Your browser is asked for a short calculation first, which keeps floods of guesses out, and it did not do it: perhaps its script is off. Others in your network are waiting too: please go back and send the form again in a minute.";

    /// <summary>What a client may ask in advance; a page's script does, before it sends a form.</summary>
    public Task<IResult> AskAsync(HttpContext http)
    {
        var purpose = http.Request.Query["for"].ToString();
        if (!Purposes.Contains(purpose))
        {
            return Task.FromResult(Answers.Problem(FieldErrors.One("for", "Say what the work is for, such as sign-in.")));
        }

        var bits = demand.BitsFor(ClientInfo.GroupOf(http));
        return Task.FromResult(Answers.Json(new ChallengeBody(bits == 0 ? null : demand.Issue(purpose, bits))));
    }

    /// <summary>Before anything else is looked at: a missing or wrong proof costs no hash of a password.</summary>
    public async ValueTask<Problem?> RefuseAsync(HttpContext http, Challenged challenged, string? solution)
    {
        if (options.Mode is ChallengeMode.Off)
        {
            return null;
        }

        var address = ClientInfo.GroupOf(http);
        var bits = demand.BitsFor(address);
        if (bits == 0)
        {
            return null;
        }

        if (solution is { Length: > 0 } && await demand.TryUseAsync(challenged.Purpose, solution, address))
        {
            return null;
        }

        var isPage = http.GetEndpoint()?.Metadata.OfType<PageAccess>().Any() is true;
        if ((challenged.Purpose != SignUp && await demand.IsKnownAsync(deviceCookie.Client(http).DeviceToken)) || (isPage && await HasWaitedAsync(http, challenged.Purpose)))
        {
            return null;
        }

        var challenge = demand.Demand(challenged.Purpose, address, bits);
        return isPage ? AskToWait(http, challenged.Purpose, address) : CommonProblems.ChallengeRequired.With("challenge", challenge);
    }

    public void Note(HttpContext http, bool counts)
    {
        if (options.Mode is not ChallengeMode.Off && counts)
        {
            demand.Failed(ClientInfo.GroupOf(http), ClientInfo.Of(http));
        }
    }

    /// <summary>Gives the browser a place in the line, unless it has one: asking again makes nobody wait longer.</summary>
    private Problem AskToWait(HttpContext http, string purpose, string address)
    {
        var now = clock.GetUtcNow();
        if (WaitOf(http, purpose) is { } waiting)
        {
            return CommonProblems.ChallengeRequired.After(waiting.Until - now) with { OnPage = (Title, WaitHere) };
        }

        if (limiter.Enter(Waits, address) is { } full)
        {
            return CommonProblems.ChallengeRequired.After(full.RetryAfter!.Value) with { OnPage = (Title, WaitLonger) };
        }

        var until = (now + Wait).ToUnixTimeMilliseconds();
        steps.Set(http, WaitStep, string.Create(CultureInfo.InvariantCulture, $"{purpose}\n{until}\n{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}"), WaitedFor);
        return CommonProblems.ChallengeRequired.After(Wait) with { OnPage = (Title, WaitHere) };
    }

    private async ValueTask<bool> HasWaitedAsync(HttpContext http, string purpose)
    {
        if (WaitOf(http, purpose) is not { } waiting || waiting.Until > clock.GetUtcNow())
        {
            return false;
        }

        steps.Clear(http, WaitStep);
        return await demand.TryUseAsync(SHA256.HashData(Encoding.UTF8.GetBytes(waiting.Text)), waiting.Until + WaitedFor);
    }

    private (DateTimeOffset Until, string Text)? WaitOf(HttpContext http, string purpose) =>
        steps.Find(http, WaitStep) is { } text && text.Split('\n') is [var known, var until, _] && known == purpose && long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? (DateTimeOffset.FromUnixTimeMilliseconds(at), text)
            : null;
}
