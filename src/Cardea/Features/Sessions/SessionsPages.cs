using Cardea.Features.Audit;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Sessions;

/// <summary>The browser door to one's own sessions.</summary>
public sealed class SessionsPages(Database database, SessionDirectory sessions, SessionEnding ending, AuditStore audit, Views views)
{
    private const string Path = "/account/sessions";
    private const int MostEvents = 50;

    private static readonly Lazy<Dictionary<string, string>> Meanings = new(() => AuditKinds.All.ToDictionary(kind => kind.Name, kind => kind.Meaning));

    public async Task<IResult> ShowAsync(HttpContext http)
    {
        var caller = http.Caller();
        var (live, history) = await database.ReadAsync(async scope => (await sessions.ListLiveAsync(scope, caller.AccountId), await audit.ListNewestAsync(scope, caller.AccountId, MostEvents)));
        return await views.ShowAsync<SessionsPage>(http, new
        {
            Sessions = (IReadOnlyList<SessionBody>)[.. live.Select(session => SessionBody.Of(session, caller.SessionId)).OrderByDescending(session => session.Current)],
            History = (IReadOnlyList<AuditEvent>)history,
            Meanings = (IReadOnlyDictionary<string, string>)Meanings.Value,
        });
    }

    public async Task<IResult> EndAsync(HttpContext http, IFormCollection form) => await ending.TryEndAsync(http.Caller(), form["id"].ToString(), ClientInfo.Of(http))
        ? views.Redirect(http, Path, FlashKind.Success, "The session has ended.")
        : views.Redirect(http, Path, FlashKind.Notice, "That session was over already.");

    public async Task<IResult> EndOthersAsync(HttpContext http, IFormCollection form)
    {
        await ending.EndOthersAsync(http.Caller(), ClientInfo.Of(http));
        return views.Redirect(http, Path, FlashKind.Success, "All other sessions have ended.");
    }
}
