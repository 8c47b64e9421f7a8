using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Passkeys;

public sealed record PasskeyOptionsRequest(string? MfaToken = null)
{
    public override string ToString() => "[passkey options]";
}

[Needs("credential")]
public sealed record PasskeyLoginRequest(JsonElement? Credential = null, bool? Replace = null)
{
    public override string ToString() => "[passkey sign-in]";
}

[Needs("credential")]
public sealed record AddPasskeyRequest(JsonElement? Credential = null, [property: MaxLength(PasskeyName.Longest)] string? Name = null, bool? Replace = null);

[Needs("name")]
public sealed record RenamePasskeyRequest([property: MaxLength(PasskeyName.Longest)] string? Name = null);

/// <param name="Synced">A copy of it is kept by its maker for the owner's other devices.</param>
public record PasskeyBody(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool Synced, IReadOnlyList<string> Transports)
{
    public static PasskeyBody Of(Passkey passkey) => new(
        passkey.Id, passkey.Name, passkey.CreatedAt.ToInstant(), passkey.LastUsedAt.ToInstant(), passkey.IsBackedUp, passkey.Transports.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

public sealed record PasskeysBody(IReadOnlyList<PasskeyBody> Items);

/// <summary>A passkey that was added; the codes with an account's first factor only, the tokens only to a sign-in that had to set it up.</summary>
public sealed record AddedPasskeyBody(
    string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool Synced, IReadOnlyList<string> Transports,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? RecoveryCodes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AccessToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenType = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ExpiresIn = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserBody? User = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, object?>? Next = null)
{
    public static AddedPasskeyBody Of(AddedPasskey added, EnrolledBody? enrolled)
    {
        var body = PasskeyBody.Of(added.Passkey);
        return new(
            body.Id, body.Name, body.CreatedAt, body.LastUsedAt, body.Synced, body.Transports, added.RecoveryCodes,
            enrolled?.AccessToken, enrolled?.TokenType, enrolled?.ExpiresIn, enrolled?.RefreshToken, enrolled?.User, enrolled?.Next);
    }

    public override string ToString() => "[added passkey]";
}

/// <summary>The JSON door to passkeys.</summary>
public sealed class PasskeysEndpoints(
    Database database, PasskeyStore store, PasskeySignIn signIn, PasskeyFactor factor, PasskeyEnrolment enrolment, PasskeyChanges changes, PendingSignIns pendings, SecondStep step,
    DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    public async Task<IResult> SignInOptionsAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<PasskeyOptionsRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (request.MfaToken is null)
        {
            return Options(await signIn.OptionsAsync(PasskeySignIn.Anybody));
        }

        return await database.ReadAsync(scope => pendings.FindAsync(scope, request.MfaToken)) is { Step: PendingStep.Factor } pending
            ? Options(await factor.OptionsAsync(pending.AccountId, pending))
            : Answers.Problem(SecondStepsProblems.InvalidCode);
    }

    public async Task<IResult> SignInAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<PasskeyLoginRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (request.Credential is not { ValueKind: JsonValueKind.Object })
        {
            return Answers.Problem(FieldErrors.One("credential", "Give the credential that the browser made."));
        }

        return await outcomes.TellAsync(http, await signIn.SignInAsync(
            PasskeyCredential.ParseAsserted(request.Credential), PasskeySignIn.Anybody, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false)));
    }

    public async Task<IResult> AddOptionsAsync(HttpContext http)
    {
        var (options, refusal) = await enrolment.BeginAsync(http.Caller());
        return refusal is null ? Options(options!) : Answers.Problem(refusal);
    }

    public async Task<IResult> AddAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<AddPasskeyRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var (errors, name) = (new FieldErrors(), "");
        if (request.Credential is not { ValueKind: JsonValueKind.Object })
        {
            errors.Add("credential", "Give the credential that the browser made.");
        }

        if (request.Name is not null && !PasskeyName.TryParse(request.Name, out name))
        {
            errors.Add("name", "Enter a name of up to 100 characters.");
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var caller = http.Caller();
        var (added, refusal) = await enrolment.FinishAsync(caller, PasskeyCredential.ParseNew(request.Credential), request.Name is null ? null : name, ClientInfo.Of(http));
        if (refusal is not null)
        {
            return Answers.Problem(refusal);
        }

        // Who had to set it up to sign in has now signed in.
        EnrolledBody? enrolled = null;
        if (caller.PendingId is not null)
        {
            var outcome = await step.FinishEnrolmentAsync(caller, added!.Passkey.Amr, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false));
            enrolled = EnrolledBody.Of([], await outcomes.TokensAsync(http, outcome), (outcome as SignInOutcome.Refused)?.Problem);
        }

        return Answers.Json(AddedPasskeyBody.Of(added!, enrolled), StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http) =>
        Answers.Json(new PasskeysBody([.. (await database.ReadAsync(scope => store.ListAsync(scope, http.Caller().AccountId))).Select(PasskeyBody.Of)]));

    public async Task<IResult> RenameAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<RenamePasskeyRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (!PasskeyName.TryParse(request.Name, out var name))
        {
            return Answers.Problem(FieldErrors.One("name", "Enter a name of up to 100 characters."));
        }

        var (passkey, refusal) = await changes.RenameAsync(http.Caller(), IdOf(http), name, ClientInfo.Of(http));
        return refusal is null ? Answers.Json(PasskeyBody.Of(passkey!)) : Answers.Problem(refusal);
    }

    public async Task<IResult> RemoveAsync(HttpContext http) =>
        await changes.RemoveAsync(http.Caller(), IdOf(http), ClientInfo.Of(http)) is { } refusal ? Answers.Problem(refusal) : Answers.Message("The passkey was removed.");

    /// <summary>The options in the JSON form of WebAuthn L3, whose members are spelled as its own.</summary>
    internal static IResult Options(string json) => Results.Text(json, "application/json", Encoding.UTF8);

    private static string IdOf(HttpContext http) => http.Request.RouteValues["id"]?.ToString() ?? "";
}
