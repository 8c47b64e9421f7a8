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
    public Optional<string> Email { get; init; }

    public Optional<string> Username { get; init; }

    public Optional<string> GivenName { get; init; }

    public Optional<string> FamilyName { get; init; }
}

/// <summary>The JSON door to an account's own data and the proof of its address.</summary>
public sealed class AccountsEndpoints(
    Database database, AccountDirectory directory, EmailVerification verification, Profile profile, AccountExport export, MailRequests requests,
    MailRequestKind verifyKind, FindCaller findCaller)
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
        var change = new ProfileChange(
            ParseEmail(request.Email, errors),
            ParseUsername(request.Username, errors),
            ParseName("given_name", request.GivenName, errors),
            ParseName("family_name", request.FamilyName, errors));
        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
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
        if (!(await JsonBody.ReadOptionalAsync<VerifySendRequest>(http)).IsRead(out var request, out var problem))
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

        await database.WriteAsync(transaction => requests.AskAsync(transaction, verifyKind, email.Text));
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

    private static Email? ParseEmail(Optional<string> typed, FieldErrors errors)
    {
        if (!typed.IsGiven)
        {
            return null;
        }

        if (Email.TryParse(typed.Value, out var email))
        {
            return email;
        }

        errors.Add("email", Wording.EmailNeeded);
        return null;
    }

    private static Optional<string> ParseUsername(Optional<string> typed, FieldErrors errors)
    {
        if (typed is { IsGiven: true, Value: not null } && !Username.TryParse(typed.Value, out _))
        {
            errors.Add("username", Wording.UsernameNeeded);
        }

        return typed;
    }

    private static Optional<string> ParseName(string field, Optional<string> typed, FieldErrors errors)
    {
        if (!PersonName.TryParse(typed.Value, out var name))
        {
            errors.Add(field, Wording.NameNeeded);
        }

        return new(typed.IsGiven, name);
    }
}
