using System.ComponentModel.DataAnnotations;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Accounts;

public sealed record VerifySendRequest(string? Email = null);

public sealed record VerifyConfirmRequest(string? Token = null, string? Email = null, string? Code = null)
{
    public override string ToString() => "[proof of an address]";
}

public sealed record ProfileRequest
{
    [MaxLength(Accounts.Email.LongestText)]
    public Optional<string> Email { get; init; }

    [RegularExpression(Accounts.Username.Pattern)]
    public Optional<string> Username { get; init; }

    [MaxLength(PersonName.Longest)]
    public Optional<string> GivenName { get; init; }

    [MaxLength(PersonName.Longest)]
    public Optional<string> FamilyName { get; init; }
}

/// <summary>The JSON door to an account's own data and the proof of its address.</summary>
public sealed class AccountsEndpoints(
    Database database, AccountDirectory directory, EmailVerification verification, Profile profile, AccountExport export, MailRequests requests,
    MailRequestKind verifyKind, AccountInput input, FindCaller findCaller, RefuseUnlessRecent refuseUnlessRecent)
{
    public async Task<IResult> MeAsync(HttpContext http) =>
        await directory.FindAsync(http.Caller().AccountId) is { } snapshot ? Answers.Json(UserBody.Of(snapshot)) : Answers.Problem(CommonProblems.Unauthorized);

    public async Task<IResult> ChangeAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<ProfileRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        var change = input.Parse(request, errors);
        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        // The address is where recovery mails go: whoever moves it can sign in.
        if (request.Email.IsGiven && await refuseUnlessRecent(http.Caller()) is { } stale)
        {
            return Answers.Problem(stale);
        }

        return await profile.ChangeAsync(http.Caller().AccountId, change, ClientInfo.Of(http)) is { } refusal ? Answers.Problem(refusal) : await MeAsync(http);
    }

    public async Task<IResult> ExportAsync(HttpContext http)
    {
        http.Response.Headers.ContentDisposition = "attachment; filename=\"account.json\"";
        return Answers.Json(await export.ReadAsync(http.Caller().AccountId, ClientInfo.Of(http)));
    }

    public async Task<IResult> SendVerificationAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<VerifySendRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var typed = request.Email;
        if (typed is null && http.Request.Headers.Authorization.Count > 0)
        {
            var (caller, refusal) = await findCaller(http);
            if (caller is null || await directory.FindAsync(caller.AccountId) is not { } snapshot)
            {
                return Answers.Problem(refusal ?? CommonProblems.Unauthorized);
            }

            typed = snapshot.Account.Email;
        }

        if (!Email.TryParse(typed, out var email))
        {
            return Answers.Problem(FieldErrors.One("email", Wording.EmailNeeded));
        }

        await database.WriteAsync(transaction => requests.AskAsync(transaction, verifyKind, new(email.Text, ClientInfo.Of(http))));
        return Answers.Message("If this address has an account that is not verified yet, a mail is on its way.", StatusCodes.Status202Accepted);
    }

    public async Task<IResult> ConfirmAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<VerifyConfirmRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (SecretInput.Check(request.Token, request.Email, request.Code, out var email) is { } invalid)
        {
            return Answers.Problem(invalid);
        }

        var refusal = request.Token is not null
            ? await verification.ConfirmByTokenAsync(request.Token, ClientInfo.Of(http))
            : await verification.ConfirmByCodeAsync(email.Text, request.Code!, ClientInfo.Of(http));
        return refusal is null ? Answers.Message("Your e-mail address is confirmed.") : Answers.Problem(refusal);
    }
}
