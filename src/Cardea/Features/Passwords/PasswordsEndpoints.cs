using System.ComponentModel.DataAnnotations;
using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Passwords;

[Needs("email", "password")]
public sealed record SignUpRequest(
    [property: MaxLength(Accounts.Email.LongestText)] string? Email = null, [property: MaxLength(PlainPassword.LongestInBytes)] string? Password = null, [property: RegularExpression(Accounts.Username.Pattern)] string? Username = null,
    [property: MaxLength(PersonName.Longest)] string? GivenName = null, [property: MaxLength(PersonName.Longest)] string? FamilyName = null)
{
    public override string ToString() => "[sign-up]";
}

public sealed record SignUpBody(int Status, string Message, UserBody User);

[Needs("password")]
public sealed record LoginRequest(string? Email = null, string? Username = null, string? Login = null, string? Password = null, bool? Replace = null)
{
    public override string ToString() => "[sign-in]";
}

public sealed record ForgotRequest(string? Email = null, string? Username = null);

[Needs("password")]
public sealed record ResetRequest(string? Token = null, string? Email = null, string? Code = null, string? Password = null)
{
    public override string ToString() => "[reset]";
}

[Needs("current_password", "new_password")]
public sealed record ChangePasswordRequest(string? CurrentPassword = null, string? NewPassword = null)
{
    public override string ToString() => "[password change]";
}

public sealed record DeleteAccountRequest(string? Password = null)
{
    public override string ToString() => "[account deletion]";
}

/// <summary>The JSON door to passwords.</summary>
public sealed class PasswordsEndpoints(
    Database database, PasswordSignUp signUp, PasswordSignIn signIn, PasswordReset reset, PasswordChange change, PasswordInput input, MailRequests requests,
    IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    public const string ResetKind = "reset";

    private readonly MailRequestKind _resetKind = kinds.Single(kind => kind.Name == ResetKind);

    public async Task<IResult> SignUpAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<SignUpRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        var (account, busy) = await input.ParseAsync(request, errors, ClientInfo.Of(http));
        if (account is null)
        {
            return Answers.Problem(busy ?? errors.ToProblem());
        }

        var (user, refusal) = await signUp.SignUpAsync(account, ClientInfo.Of(http));
        return refusal is null
            ? Answers.Json(new SignUpBody(StatusCodes.Status201Created, "The account was created. Please confirm your e-mail address: a mail is on its way.", user!), StatusCodes.Status201Created)
            : Answers.Problem(refusal);
    }

    public async Task<IResult> SignInAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<LoginRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        var name = ParseLogin(request, errors);
        if (!PlainPassword.TryParse(request.Password, out var password))
        {
            errors.Add("password", string.IsNullOrEmpty(request.Password) ? PasswordChange.PasswordNeeded : PlainPassword.TooLong);
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        return await outcomes.TellAsync(http, await signIn.SignInAsync(name!, password!, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false), http.RequestAborted));
    }

    public async Task<IResult> ForgotAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<ForgotRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var typed = request.Email ?? request.Username;
        if (typed is null || (request.Email is not null && request.Username is not null) || !LoginName.TryParse(typed, out var name) || name.IsEmail != request.Email is not null)
        {
            return Answers.Problem(FieldErrors.One(request.Username is not null ? "username" : "email", request.Username is not null ? Wording.UsernameNeeded : Wording.EmailNeeded));
        }

        await database.WriteAsync(transaction => requests.AskAsync(transaction, _resetKind, new(name.Text, ClientInfo.Of(http))));
        return Answers.Message("If there is such an account, a mail with the next step is on its way to it.", StatusCodes.Status202Accepted);
    }

    public async Task<IResult> ResetAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<ResetRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.Password))
        {
            errors.Add("password", PasswordChange.PasswordNeeded);
        }

        if (SecretInput.Check(request.Token, request.Email, request.Code, out var email, errors) is { } invalid)
        {
            return Answers.Problem(invalid);
        }

        var refusal = request.Token is not null
            ? await reset.ResetByTokenAsync(request.Token, request.Password, ClientInfo.Of(http))
            : await reset.ResetByCodeAsync(email, request.Code!, request.Password, deviceCookie.Client(http));
        return refusal is null ? Answers.Message("The password was changed. Please sign in with the new one.") : Answers.Problem(refusal);
    }

    public async Task<IResult> ChangeAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<ChangePasswordRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        if (!PlainPassword.TryParse(request.CurrentPassword, out var current))
        {
            errors.Add("current_password", PasswordChange.PasswordNeeded);
        }

        if (string.IsNullOrEmpty(request.NewPassword))
        {
            errors.Add("new_password", "Enter a password.");
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var refusal = await change.ChangeAsync(http.Caller(), current!, request.NewPassword, ClientInfo.Of(http), http.RequestAborted);
        return refusal is null ? Answers.Message("The password was changed. All other sessions have ended.") : Answers.Problem(refusal);
    }

    public async Task<IResult> DeleteAccountAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<DeleteAccountRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var refusal = await change.DeleteAccountAsync(http.Caller(), request.Password, ClientInfo.Of(http), http.RequestAborted);
        return refusal is null ? Answers.Message("The account was deleted.") : Answers.Problem(refusal);
    }

    private static LoginName? ParseLogin(LoginRequest request, FieldErrors errors)
    {
        var given = new[] { ("email", request.Email), ("username", request.Username), ("login", request.Login) }.Where(pair => pair.Item2 is not null).ToList();
        if (given is not [var (field, typed)])
        {
            errors.Add("login", "Give one of email, username and login.");
            return null;
        }

        if (!LoginName.TryParse(typed, out var name) || (field == "email" && !name.IsEmail) || (field == "username" && name.IsEmail))
        {
            errors.Add(field, field switch
            {
                "email" => Wording.EmailNeeded,
                "username" => Wording.UsernameNeeded,
                _ => "Enter your e-mail address or username.",
            });
            return null;
        }

        return name;
    }
}
