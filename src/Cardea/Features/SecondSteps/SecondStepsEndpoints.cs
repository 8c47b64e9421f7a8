using System.Text.Json;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SecondSteps;

[Needs("mfa_token", "method")]
public sealed record SecondStepRequest(string? MfaToken = null, string? Method = null, string? Code = null, JsonElement? Credential = null, bool? TrustDevice = null, bool? Replace = null)
{
    public override string ToString() => "[second step]";
}

public sealed record ReauthenticationRequest(string? Password = null, string? Code = null, JsonElement? Credential = null)
{
    public override string ToString() => "[reauthentication]";
}

/// <summary>The JSON door to what comes after the first proof.</summary>
public sealed class SecondStepsEndpoints(Database database, SecondStep step, Reauthentication reauthentication, RecentSignIn recent, IEnumerable<FactorPart> parts, TrustedDevices trusted, DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    private const string NoCredential = "Give the credential that the browser made.";

    public async Task<IResult> FinishAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<SecondStepRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.MfaToken))
        {
            errors.Add("mfa_token", "The token of the first step is missing.");
        }

        if (string.IsNullOrEmpty(request.Method))
        {
            errors.Add("method", "Say which method this is.");
        }

        if (!IsMissing(request.Credential) && request.Credential is not { ValueKind: JsonValueKind.Object })
        {
            errors.Add("credential", NoCredential);
        }
        else if (request.Code is null == IsMissing(request.Credential))
        {
            errors.Add("code", "Give either a code or a credential.");
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var outcome = await step.FinishAsync(
            request.MfaToken, request.Method, new(request.Code, request.Credential),
            new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false, request.TrustDevice ?? false));
        return await outcomes.TellAsync(http, outcome);
    }

    public async Task<IResult> ReauthenticateAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<ReauthenticationRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var hasCredential = !IsMissing(request.Credential);
        if (hasCredential && request.Credential is not { ValueKind: JsonValueKind.Object })
        {
            return Answers.Problem(FieldErrors.One("credential", NoCredential));
        }

        if ((request.Password is null ? 0 : 1) + (request.Code is null ? 0 : 1) + (hasCredential ? 1 : 0) != 1)
        {
            return Answers.Problem(FieldErrors.One("password", "Give one of password, code and credential."));
        }

        var answer = new ConfirmationAnswer(request.Password, request.Password is null ? new(request.Code, request.Credential) : null);
        return await reauthentication.ConfirmAsync(http.Caller(), answer, ClientInfo.Of(http), http.RequestAborted) is { } refusal ? Answers.Problem(refusal)
            : Answers.Message(await recent.RefuseAsync(http.Caller()) is null ? "Thank you. You can go on for ten minutes." : "Thank you. What changes how you sign in asks for your second step as well.");
    }

    public async Task<IResult> FactorsAsync(HttpContext http)
    {
        var body = new Dictionary<string, object?>();
        foreach (var part in parts)
        {
            body[part.Member] = await database.ReadAsync(scope => part.ReadAsync(scope, http.Caller().AccountId));
        }

        return Answers.Json(body);
    }

    public async Task<IResult> DistrustAsync(HttpContext http) =>
        http.Request.RouteValues["id"] is string id && await trusted.TryEndAsync(http.Caller(), id, ClientInfo.Of(http))
            ? Answers.Message("The device is asked for the second step again.")
            : Answers.Problem(CommonProblems.NotFound);

    private static bool IsMissing(JsonElement? element) => element is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined };
}

/// <summary>One member of what an account has set up, told by the room that knows it.</summary>
public sealed record FactorPart(string Member, Func<Scope, string, Task<object?>> ReadAsync);

/// <summary>What an account has set up, as the document shows it.</summary>
public sealed record FactorsBody(bool Totp, int RecoveryCodesLeft, IReadOnlyList<object> Passkeys, IReadOnlyList<TrustedDeviceBody> TrustedDevices);

public sealed record TrustedDeviceBody(string Id, string Device, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset TrustedUntil)
{
    public static TrustedDeviceBody Of(Device device) => new(
        device.Id, DeviceName.Of(device.UserAgent ?? "").ToString(), device.CreatedAt.ToInstant(), device.LastSeenAt.ToInstant(), device.TrustedUntil!.Value.ToInstant());
}
