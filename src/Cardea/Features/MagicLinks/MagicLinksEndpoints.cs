using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.MagicLinks;

[Needs("email")]
public sealed record LinkSendRequest(string? Email = null);

[Needs("token")]
public sealed record LinkLoginRequest(string? Token = null, bool? Replace = null)
{
    public override string ToString() => "[sign-in by link]";
}

/// <summary>The JSON door to mailed links.</summary>
public sealed class MagicLinksEndpoints(
    Database database, MagicLinkSignIn signIn, MailRequests requests, IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    public const string Kind = "sign-in-link";

    private readonly MailRequestKind _kind = kinds.Single(kind => kind.Name == Kind);

    public async Task<IResult> SendAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<LinkSendRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (!Email.TryParse(request.Email, out var email))
        {
            return Answers.Problem(FieldErrors.One("email", Wording.EmailNeeded));
        }

        await database.WriteAsync(transaction => requests.AskAsync(transaction, _kind, new(email.Text, ClientInfo.Of(http))));
        return Answers.Message("If this address has an account, a mail with a link is on its way.", StatusCodes.Status202Accepted);
    }

    public async Task<IResult> SignInAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<LinkLoginRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        return string.IsNullOrEmpty(request.Token)
            ? Answers.Problem(FieldErrors.One("token", "The token of the link is missing."))
            : await outcomes.TellAsync(http, await signIn.SignInAsync(request.Token, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false)));
    }
}
