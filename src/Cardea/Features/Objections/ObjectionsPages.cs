using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Objections;

/// <summary>The pages behind the links of notices. Opening one does nothing; one click does all of it, and leads to a new password.</summary>
public sealed class ObjectionsPages(SignInObjection signIns, EmailChangeObjection emailChanges, SessionCookie sessionCookie, StepCookie steps, Views views)
{
    public async Task<IResult> ShowSignInAsync(HttpContext http)
    {
        var token = Given(http.Request.Query["token"].ToString());
        var notice = await signIns.LookAsync(token);
        return await views.ShowAsync<NotMePage>(http, new
        {
            Token = notice is null ? null : token,
            IsOver = notice is null && token is not null,
            When = notice?.CreatedAt.ToInstant(),
            Address = notice?.Address,
            UserAgent = notice?.UserAgent ?? "",
        });
    }

    public async Task<IResult> ObjectToSignInAsync(HttpContext http, IFormCollection form) => await signIns.RaiseAsync(Given(form["token"].ToString()), ClientInfo.Of(http)) switch
    {
        Objection.Upheld upheld => GoOn(http, upheld, "That device is signed out, and the old password works no more."),
        Objection.Settled => views.Redirect(http, PageDoors.LoginPath, FlashKind.Notice, "You have said so before: that device is signed out."),
        _ => await views.ShowAsync<NotMePage>(http, new { IsOver = true }, StatusCodes.Status400BadRequest),
    };

    public async Task<IResult> ShowEmailChangeAsync(HttpContext http)
    {
        var token = Given(http.Request.Query["token"].ToString());
        var move = await emailChanges.LookAsync(token);
        return await views.ShowAsync<UndoEmailChangePage>(http, new
        {
            Token = move is null ? null : token,
            IsOver = move is null && token is not null,
            OldEmail = MailNames.MaskEmail(move?.OldEmail),
            NewEmail = MailNames.MaskEmail(move?.NewEmail),
        });
    }

    public async Task<IResult> ObjectToEmailChangeAsync(HttpContext http, IFormCollection form) => await emailChanges.RaiseAsync(Given(form["token"].ToString()), ClientInfo.Of(http)) switch
    {
        Objection.Upheld upheld => GoOn(http, upheld, "The account has its old address. All sessions have ended, and the old password works no more."),
        Objection.Taken => await views.ShowAsync<UndoEmailChangePage>(http, new { IsTaken = true }, StatusCodes.Status409Conflict),
        _ => await views.ShowAsync<UndoEmailChangePage>(http, new { IsOver = true }, StatusCodes.Status400BadRequest),
    };

    /// <summary>To the new password, its one-use token out of the address; who signs in without one goes there.</summary>
    private IResult GoOn(HttpContext http, Objection.Upheld upheld, string done)
    {
        sessionCookie.Clear(http); // the browser may be the one that was just signed out
        if (upheld.SetPassword is not { } token)
        {
            return views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "Done: whoever it was is signed out.");
        }

        steps.Set(http, PasswordsPages.ChangeStep, token.Reveal(), PasswordReset.ChangePurpose.TokenLifetime);
        return views.Redirect(http, PasswordMails.ResetPath, FlashKind.Success, done);
    }

    private static string? Given(string text) => text is { Length: > 0 and <= 128 } ? text : null;
}
