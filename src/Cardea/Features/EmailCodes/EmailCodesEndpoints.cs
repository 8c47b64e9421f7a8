using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.EmailCodes;

[Needs("email")]
public sealed record CodeSendRequest(string? Email = null);

[Needs("email", "code")]
public sealed record CodeLoginRequest(string? Email = null, string? Code = null, bool? Replace = null)
{
    public override string ToString() => "[sign-in by code]";
}

[Needs("mfa_token")]
public sealed record StepSendRequest(string? MfaToken = null)
{
    public override string ToString() => "[waiting sign-in]";
}

/// <summary>The JSON door to mailed codes. A code asked for here is bound to the address alone: a client of the API is no browser.</summary>
public sealed class EmailCodesEndpoints(
    Database database, EmailCodeSignIn signIn, MailedCodeFactor factor, MailRequests requests, IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    public const string Kind = "sign-in-code";

    private readonly MailRequestKind _kind = kinds.Single(kind => kind.Name == Kind);

    public async Task<IResult> SendAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<CodeSendRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (!Email.TryParse(request.Email, out var email))
        {
            return Answers.Problem(FieldErrors.One("email", Wording.EmailNeeded));
        }

        await database.WriteAsync(transaction => requests.AskAsync(transaction, _kind, new(email.Text, ClientInfo.Of(http))));
        return Answers.Message("If this address has an account, a mail with a code is on its way.", StatusCodes.Status202Accepted);
    }

    public async Task<IResult> SignInAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<CodeLoginRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        if (!Email.TryParse(request.Email, out var email))
        {
            errors.Add("email", Wording.EmailNeeded);
        }

        if (string.IsNullOrEmpty(request.Code))
        {
            errors.Add("code", "Enter the code from the mail.");
        }

        return errors.Any
            ? Answers.Problem(errors.ToProblem())
            : await outcomes.TellAsync(http, await signIn.SignInAsync(email, request.Code, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false)));
    }

    public async Task<IResult> SendStepAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<StepSendRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (string.IsNullOrEmpty(request.MfaToken))
        {
            return Answers.Problem(FieldErrors.One("mfa_token", "The token of the first step is missing."));
        }

        await factor.SendAgainAsync(request.MfaToken, ClientInfo.Of(http));
        return Answers.Message("If this sign-in waits for a mailed code, another mail is on its way.", StatusCodes.Status202Accepted);
    }
}
