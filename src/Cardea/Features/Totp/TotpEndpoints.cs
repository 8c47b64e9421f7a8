using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Totp;

public sealed record TotpBody(string Secret, string OtpauthUri, string QrSvg)
{
    public override string ToString() => "[TOTP enrolment]";
}

[Needs("code")]
public sealed record TotpConfirmRequest(string? Code = null, bool? Replace = null)
{
    public override string ToString() => "[TOTP confirmation]";
}

/// <summary>The JSON door to authenticator apps.</summary>
public sealed class TotpEndpoints(TotpEnrolment enrolment, SecondStep step, DeviceCookie deviceCookie, SignInEndpoints outcomes)
{
    public async Task<IResult> BeginAsync(HttpContext http)
    {
        var (secret, uri, refusal) = await enrolment.BeginAsync(http.Caller());
        http.Response.Headers.CacheControl = "no-store";
        return refusal is null ? Answers.Json(new TotpBody(secret!.RevealBase32(), uri!, QrCode.Svg(uri!)), StatusCodes.Status201Created) : Answers.Problem(refusal);
    }

    public async Task<IResult> ConfirmAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<TotpConfirmRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (string.IsNullOrEmpty(request.Code))
        {
            return Answers.Problem(FieldErrors.One("code", "Enter the code that the app shows."));
        }

        var caller = http.Caller();
        var (codes, refusal) = await enrolment.ConfirmAsync(caller, request.Code, ClientInfo.Of(http));
        if (refusal is not null)
        {
            return Answers.Problem(refusal);
        }

        // Who had to set it up to sign in has now signed in.
        if (caller.PendingId is null)
        {
            return Answers.Json(new EnrolledBody(codes!));
        }

        var outcome = await step.FinishEnrolmentAsync(caller, TotpFactor.Amr, new(deviceCookie.Client(http), request.Replace ?? false, ForPages: false));
        return Answers.Json(EnrolledBody.Of(codes!, await outcomes.TokensAsync(http, outcome), (outcome as SignInOutcome.Refused)?.Problem));
    }

    public async Task<IResult> RemoveAsync(HttpContext http) =>
        await enrolment.RemoveAsync(http.Caller(), ClientInfo.Of(http)) is { } refusal ? Answers.Problem(refusal) : Answers.Message("The authenticator app was removed.");
}
