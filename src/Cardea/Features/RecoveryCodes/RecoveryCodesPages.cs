using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.RecoveryCodes;

/// <summary>
/// The browser door to recovery codes. New ones are shown on a page of their own until their owner says that they are kept, ten minutes at the longest.
/// Meanwhile they are with that browser, sealed: the server itself can't show them again.
/// </summary>
public sealed class RecoveryCodesPages(
    Database database, RecoveryCodeStore store, RecoveryCodeRenewal renewal, AccountDirectory accounts, SessionCookie sessionCookie, StepCookie cookies, Branding branding, TimeProvider clock, Views views)
{
    public const string Path = "/account/security/recovery-codes";
    public const string NewPath = Path + "/new";

    private const string Step = "new-codes";
    private static readonly TimeSpan ShownFor = TimeSpan.FromMinutes(10);

    /// <summary>Hands new codes to their owner's browser.</summary>
    /// <param name="goOn">Where the owner goes on afterwards.</param>
    /// <returns>The page that shows them.</returns>
    public string HandOut(HttpContext http, string accountId, IEnumerable<string> codes, string goOn)
    {
        cookies.Set(http, Step, $"{accountId}\n{goOn}\n{string.Join(' ', codes)}", ShownFor);
        return NewPath;
    }

    public async Task<IResult> ShowAsync(HttpContext http)
    {
        if (await accounts.FindAsync(http.Caller().AccountId) is not { } account)
        {
            return Views.Redirect(PageDoors.LoginPath);
        }

        var left = await database.ReadAsync(scope => store.CountAsync(scope, account.Id));
        return await views.ShowAsync<RecoveryCodesPage>(http, new { Left = (int)left, account.Account.HasSecondFactor });
    }

    public async Task<IResult> RenewAsync(HttpContext http, IFormCollection form)
    {
        var caller = http.Caller();
        var (codes, refusal) = await renewal.RenewAsync(caller, ClientInfo.Of(http));
        if (refusal is not null)
        {
            return views.Redirect(http, Path, FlashKind.Error, refusal.Detail);
        }

        await sessionCookie.RenewAsync(http, caller.SessionId);
        return Views.Redirect(HandOut(http, caller.AccountId, codes!, Path));
    }

    public async Task<IResult> ShowNewAsync(HttpContext http) => Find(http) is { } handed
        ? await views.ShowAsync<NewRecoveryCodesPage>(http, new { handed.Codes })
        : Views.Redirect(http.CallerIfAny() is null ? PageDoors.LoginPath : Path);

    /// <summary>As a file, which needs no script.</summary>
    public async Task<IResult> DownloadAsync(HttpContext http, IFormCollection form)
    {
        if (Find(http) is not { } handed || await accounts.FindAsync(handed.AccountId) is not { } account)
        {
            return Views.Redirect(NewPath);
        }

        var texts = Texts.In(Languages.Of(http.Request));
        string[] lines =
        [
            texts["Recovery codes of {0} at {1}", account.Account.Email, branding.Name], texts["Made on {0}. Each works once.", texts.Date(clock.GetUtcNow())], "", .. handed.Codes, "",
        ];
        http.Response.Headers.ContentDisposition = "attachment; filename=\"recovery-codes.txt\"";
        return Results.Text(string.Join("\r\n", lines), "text/plain; charset=utf-8", System.Text.Encoding.UTF8);
    }

    public Task<IResult> KeptAsync(HttpContext http, IFormCollection form)
    {
        var goOn = Find(http)?.GoOn ?? Path;
        cookies.Clear(http, Step);
        return Task.FromResult(Views.Redirect(goOn));
    }

    /// <summary>Nothing to whoever else has signed in here since.</summary>
    private Handed? Find(HttpContext http) =>
        cookies.Find(http, Step)?.Split('\n') is [var accountId, var goOn, var codes] && (http.CallerIfAny() is not { } caller || caller.AccountId == accountId)
            ? new(accountId, goOn, codes.Split(' '))
            : null;

    private sealed record Handed(string AccountId, string GoOn, IReadOnlyList<string> Codes)
    {
        public override string ToString() => "[recovery codes]";
    }
}
