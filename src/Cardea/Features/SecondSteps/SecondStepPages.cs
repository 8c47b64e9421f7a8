using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// The browser door to what comes after the first proof. The token of the waiting sign-in is in a sealed cookie, never in an address or a page: what
/// leaks from a history or a referrer finishes nothing, and neither does another browser.
/// </summary>
public sealed class SecondStepPages(
    Database database, SecondStep step, PendingSignIns pendings, AccountDirectory accounts, IEnumerable<FactorWay> ways, IEnumerable<EnrolmentWay> enrolments, PageSignIn pageSignIn,
    DeviceCookie deviceCookie, StepCookie cookies, Views views)
{
    public const string Path = PageDoors.LoginPath + "/second-step";
    public const string SetUpPath = PageDoors.LoginPath + "/set-up";

    private const string Step = "second-step";
    private const string ReturnStep = "set-up-for";
    private const string TookTooLong = "Your sign-in took too long. Please begin again.";

    /// <summary>After <c>mfa_required</c>.</summary>
    public string Begin(HttpContext http, Problem refusal, string? returnTo)
    {
        Hold(http, (string)refusal.Extensions!["mfa_token"]!, (IEnumerable<string>)refusal.Extensions["methods"]!, returnTo);
        return Path;
    }

    /// <summary>After <c>mfa_enrollment_required</c>.</summary>
    public string BeginSetUp(HttpContext http, Problem refusal, string? returnTo)
    {
        cookies.Set(http, PageDoors.EnrolmentStep, (string)refusal.Extensions!["enrollment_token"]!, PendingSignIns.Lifetime);
        if (returnTo is not null)
        {
            cookies.Set(http, ReturnStep, returnTo, PendingSignIns.Lifetime);
        }

        return SetUpPath;
    }

    public async Task<IResult> ShowAsync(HttpContext http) =>
        await FindAsync(http) is { } held ? await ShowAsync(http, held, http.Request.Query["method"].ToString(), FormState.Empty) : Expired(http);

    public async Task<IResult> FinishAsync(HttpContext http, IFormCollection form)
    {
        if (await FindAsync(http) is not { } held)
        {
            return Expired(http);
        }

        var method = form["method"].ToString();
        var answer = new FactorAnswer(form[FactorComplaint.Field].ToString().Trim() is { Length: > 0 } code ? code : null, CredentialOf(form));
        if (!held.IsProved && answer is { Code: null, Credential: null })
        {
            return await AgainAsync(http, form, held, method, FactorComplaint.Missing); // no try
        }

        var outcome = await step.FinishAsync(
            held.Token, method, answer, new(deviceCookie.Client(http), Replace: form["replace"] == "true", ForPages: true, TrustDevice: form["trust_device"] == "true"));
        if (await pageSignIn.GoOnAsync(http, outcome, held.ReturnTo) is { } next)
        {
            cookies.Clear(http, Step);
            return next;
        }

        var refusal = ((SignInOutcome.Refused)outcome).Problem;
        if (refusal.Code == SecondStepsProblems.InvalidCode.Code || refusal.Code == CommonProblems.TooManyRequests.Code || refusal.Code == SignInProblems.SessionActive.Code)
        {
            // What was refused may have voided the sign-in, or another window finished it.
            return await FindAsync(http) is { } still ? await AgainAsync(http, form, still, method, refusal) : Expired(http);
        }

        cookies.Clear(http, Step);
        return views.Redirect(http, PageDoors.LoginPath, FlashKind.Error, refusal.Detail);
    }

    public async Task<IResult> SendAgainAsync(HttpContext http, IFormCollection form)
    {
        if (await FindAsync(http) is not { } held)
        {
            return Expired(http);
        }

        if (Choose(held.Methods, form["method"].ToString()) is not { SendAgainAsync: { } sendAsync } way)
        {
            return Views.Redirect(Path);
        }

        return await sendAsync(held.Account, held.Pending, deviceCookie.Client(http)) is { } refusal
            ? await AgainAsync(http, form, held, way.Method, refusal)
            : views.Redirect(http, $"{Path}?method={way.Method}", FlashKind.Notice, "If enough time has passed since the last one, another mail is on its way.");
    }

    /// <summary>What a sign-in may set up that must set up something.</summary>
    public Task<IResult> ShowSetUpAsync(HttpContext http) => http.Caller().PendingId is null
        ? Task.FromResult(Views.Redirect("/account/security"))
        : views.ShowAsync<SetUpPage>(http, new { Ways = enrolments.OrderBy(way => way.Order) });

    public Task<IResult> CancelAsync(HttpContext http, IFormCollection form)
    {
        cookies.Clear(http, PageDoors.EnrolmentStep);
        cookies.Clear(http, ReturnStep);
        cookies.Clear(http, Step);
        return Task.FromResult(Views.Redirect(PageDoors.LoginPath));
    }

    /// <summary>Goes on with the sign-in that had to set up a factor, and has done so. What is to be shown first, such as recovery codes, may be.</summary>
    /// <returns>The page where it goes on.</returns>
    public async Task<string> FinishSetUpAsync(HttpContext http, IReadOnlyList<string> amr)
    {
        var (token, returnTo) = (cookies.Find(http, PageDoors.EnrolmentStep), ReturnUrl.Local(cookies.Find(http, ReturnStep)));
        var outcome = await step.FinishEnrolmentAsync(http.Caller(), amr, new(deviceCookie.Client(http), Replace: false, ForPages: true));
        cookies.Clear(http, PageDoors.EnrolmentStep);
        cookies.Clear(http, ReturnStep);
        if (outcome is not SignInOutcome.Refused(var refusal))
        {
            await pageSignIn.GoOnAsync(http, outcome, returnTo);
            return returnTo ?? PageSignIn.Home;
        }

        if (refusal.Code == SignInProblems.SessionActive.Code)
        {
            Hold(http, token!, [], returnTo);
            return Path;
        }

        if (pageSignIn.NextStep(http, refusal, returnTo) is { } next)
        {
            return next;
        }

        views.Tell(http, FlashKind.Error, refusal.Detail);
        return PageDoors.LoginPath;
    }

    private async Task<IResult> AgainAsync(HttpContext http, IFormCollection form, Held held, string method, Problem refusal)
    {
        var isCode = Choose(held.Methods, method)?.Code is not null && refusal.Code != SignInProblems.SessionActive.Code;
        // A code is not shown again: it is wrong, or it is a secret.
        var state = Views.Again(http, form, isCode ? FactorComplaint.At(refusal) : refusal) with { Typed = FormState.Empty.Typed };
        return await ShowAsync(http, held, method, held.IsProved ? FormState.Empty : state, form["trust_device"] == "true", refusal.Status);
    }

    private async Task<IResult> ShowAsync(HttpContext http, Held held, string method, FormState state, bool trust = false, int status = StatusCodes.Status200OK)
    {
        var way = Choose(held.Methods, method);
        return await views.ShowAsync<SecondStepPage>(http, new
        {
            State = state,
            Way = way,
            Others = Offered(held.Methods).Where(other => other != way),
            held.IsProved,
            Trust = trust,
            Prepared = way is { PrepareAsync: { } prepareAsync } && !held.IsProved ? await prepareAsync(held.Account, held.Pending, deviceCookie.Client(http)) : null,
        }, status);
    }

    private FactorWay? Choose(IReadOnlyList<string> methods, string method) => Offered(methods).FirstOrDefault(way => way.Method == method) ?? Offered(methods).FirstOrDefault();

    private IEnumerable<FactorWay> Offered(IReadOnlyList<string> methods) => ways.Where(way => methods.Contains(way.Method)).OrderBy(way => way.Order);

    private IResult Expired(HttpContext http)
    {
        cookies.Clear(http, Step);
        return views.Redirect(http, PageDoors.LoginPath, FlashKind.Notice, TookTooLong);
    }

    /// <summary>None of the three has a line break in it.</summary>
    private void Hold(HttpContext http, string token, IEnumerable<string> methods, string? returnTo) =>
        cookies.Set(http, Step, $"{token}\n{string.Join(' ', methods)}\n{returnTo}", PendingSignIns.Lifetime);

    private async Task<Held?> FindAsync(HttpContext http) =>
        cookies.Find(http, Step)?.Split('\n') is [var token, var methods, var returnTo]
        && await database.ReadAsync(scope => pendings.FindAsync(scope, token)) is { Step: PendingStep.Factor or PendingStep.Room } pending
        && await accounts.FindAsync(pending.AccountId) is { } account
            ? new(token, methods.Split(' '), ReturnUrl.Local(returnTo), pending, account)
            : null;

    internal static JsonElement? CredentialOf(IFormCollection form) => TryRead(form["credential"].ToString(), out var credential) ? credential : null;

    private static bool TryRead(string json, [NotNullWhen(true)] out JsonElement? read)
    {
        read = null;
        if (json.Length == 0)
        {
            return false;
        }

        try
        {
            read = JsonSerializer.Deserialize<JsonElement>(json, CardeaJson.Reading);
            return read is { ValueKind: JsonValueKind.Object };
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A sign-in as its browser holds it.</summary>
    private sealed record Held(string Token, IReadOnlyList<string> Methods, string? ReturnTo, PendingSignIn Pending, AccountSnapshot Account)
    {
        /// <summary>Only the session limit stands in the way.</summary>
        public bool IsProved => Pending.Step == PendingStep.Room;

        public override string ToString() => "[waiting sign-in]";
    }
}
