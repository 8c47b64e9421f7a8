using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Passwords;
using Cardea.Features.Shared;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Setup;

/// <summary>The page behind the link in the log.</summary>
public sealed class SetupPages(SetupLink link, FirstAdministrator first, PasswordPolicy policy, PasswordsOptions options, Views views)
{
    /// <summary>Opening it uses nothing up.</summary>
    public async Task<IResult> ShowAsync(HttpContext http)
    {
        var token = http.Request.Query["token"].ToString();
        return SecretToken.TryParse(token, out var secret) && await link.IsGoodAsync(secret)
            ? await ShowAsync(http, token, FormState.Empty, StatusCodes.Status200OK)
            : PageDoors.Refuse(SetupProblems.LinkOver);
    }

    public async Task<IResult> MakeAsync(HttpContext http, IFormCollection form)
    {
        var token = form["token"].ToString();
        var errors = new FieldErrors();
        if (!Email.TryParse(form["email"].ToString().Trim(), out var email))
        {
            errors.Add("email", Wording.EmailNeeded);
        }

        if (form["password"] != form["password_again"])
        {
            errors.Add("password_again", "The two passwords are not the same.");
        }

        var password = policy.Accept(form["password"], "password", [email.Text], errors);
        var refusal = errors.Any ? errors.ToProblem() : await first.MakeAsync(token, email, password!, ClientInfo.Of(http));
        return refusal is null ? views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "You are the administrator now. Please sign in.")
            : refusal.Code == SetupProblems.LinkOver.Code ? PageDoors.Refuse(refusal)
            : await ShowAsync(http, token, Views.Again(http, form, refusal), refusal.Status);
    }

    private Task<IResult> ShowAsync(HttpContext http, string token, FormState state, int status) =>
        views.ShowAsync<SetupPage>(http, new { Token = token, State = state, options.MinimumLength }, status);
}
