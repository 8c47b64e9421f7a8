using System.Text.Json;
using Cardea.Features.Mail;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Accounts;

/// <summary>The browser door to an account's own data and the proof of its address.</summary>
public sealed class AccountsPages(
    Database database, AccountDirectory directory, EmailVerification verification, Profile profile, AccountExport export, MailRequests requests,
    IEnumerable<MailRequestKind> kinds, AccountInput input, BrowserBinding binding, Views views)
{
    private const string ProfilePath = "/account/profile";

    private readonly MailRequestKind _verifyKind = kinds.Single(kind => kind.Name == "verify");

    /// <summary>Opening the link uses nothing up; the click on the page does.</summary>
    public Task<IResult> VerifyAsync(HttpContext http) => ShowVerifyAsync(http, FormState.Empty, http.Request.Query["token"].ToString() is { Length: > 0 and <= 128 } token ? token : null);

    public async Task<IResult> ConfirmAsync(HttpContext http, IFormCollection form)
    {
        var refusal = form.ContainsKey("token") ? await verification.ConfirmByTokenAsync(form["token"].ToString(), ClientInfo.Of(http)) : await ConfirmByCodeAsync(http, form);
        return refusal is null
            ? views.Redirect(http, http.CallerIfAny() is null ? PageDoors.LoginPath : "/dashboard", FlashKind.Success, "Your e-mail address is confirmed.")
            : await ShowVerifyAsync(http, Views.Again(http, form, refusal), status: refusal.Status);
    }

    private async Task<Problem?> ConfirmByCodeAsync(HttpContext http, IFormCollection form)
    {
        var (errors, code) = (new FieldErrors(), form["code"].ToString().Trim());
        SecretInput.CheckTyped(form["email"].ToString().Trim(), code, out var email, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var refusal = await verification.ConfirmByCodeAsync(email.Text, code, binding.Answer(http));
        return refusal?.Code == AccountProblems.InvalidToken.Code ? refusal.At("code") : refusal;
    }

    public async Task<IResult> SendAgainAsync(HttpContext http, IFormCollection form)
    {
        if (!Email.TryParse(form["email"].ToString().Trim(), out var email))
        {
            return await ShowVerifyAsync(http, Views.Again(http, form, FieldErrors.One("email", Wording.EmailNeeded)), status: StatusCodes.Status400BadRequest);
        }

        var client = binding.Ask(http);
        await database.WriteAsync(transaction => requests.AskAsync(transaction, _verifyKind, new(email.Text, client)));
        return views.Redirect(http, AccountMails.VerifyPath, FlashKind.Notice, "If this address has an account that is not verified yet, a mail is on its way.");
    }

    public Task<IResult> ProfileAsync(HttpContext http) => ShowProfileAsync(http, new { User = default(UserBody) }, StatusCodes.Status200OK);

    public Task<IResult> ChangeNamesAsync(HttpContext http, IFormCollection form)
    {
        Optional<string> Given(string field) => new(true, form[field].ToString().Trim() is { Length: > 0 } text ? text : null);
        return ChangeAsync(http, form, new() { Username = Given("username"), GivenName = Given("given_name"), FamilyName = Given("family_name") }, "Names", "Your profile was saved.");
    }

    public Task<IResult> ChangeEmailAsync(HttpContext http, IFormCollection form) => ChangeAsync(
        http, form, new() { Email = new(true, form["email"].ToString().Trim()) }, "Address", "We have sent the new address a mail. Open the link in it to finish the change.");

    public async Task<IResult> ExportAsync(HttpContext http, IFormCollection form)
    {
        http.Response.Headers.ContentDisposition = "attachment; filename=\"account.json\"";
        return Results.Bytes(JsonSerializer.SerializeToUtf8Bytes(await export.ReadAsync(http.Caller().AccountId, ClientInfo.Of(http)), CardeaJson.Readable), "application/json");
    }

    private async Task<IResult> ChangeAsync(HttpContext http, IFormCollection form, ProfileRequest request, string section, string done)
    {
        var errors = new FieldErrors();
        var change = input.Parse(request, errors);
        var refusal = errors.Any ? errors.ToProblem() : await profile.ChangeAsync(http.Caller().AccountId, change, change.Email is null ? ClientInfo.Of(http) : binding.Ask(http));
        if (refusal is null)
        {
            return views.Redirect(http, ProfilePath, FlashKind.Success, done);
        }

        var state = Views.Again(http, form, refusal.Code == AccountProblems.UsernameTaken.Code ? refusal.At("username") : refusal);
        return section == "Names" ? await ShowProfileAsync(http, new { Names = state }, refusal.Status) : await ShowProfileAsync(http, new { Address = state }, refusal.Status);
    }

    private Task<IResult> ShowVerifyAsync(HttpContext http, FormState state, string? token = null, int status = StatusCodes.Status200OK) =>
        views.ShowAsync<VerifyPage>(http, new { Token = token, State = state, TakesCode = binding.HasAsked(http) || state.Typed.ContainsKey("code") }, status);

    private async Task<IResult> ShowProfileAsync(HttpContext http, object state, int status)
    {
        if (await directory.FindAsync(http.Caller().AccountId) is not { } snapshot)
        {
            return Views.Redirect(PageDoors.LoginPath);
        }

        var parameters = state.GetType().GetProperties().Where(property => property.Name != "User").ToDictionary(property => property.Name, property => property.GetValue(state));
        parameters["User"] = UserBody.Of(snapshot);
        return await views.ShowAsync<ProfilePage>(http, parameters, status);
    }
}
