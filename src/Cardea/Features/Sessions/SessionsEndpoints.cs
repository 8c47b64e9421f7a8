using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Sessions;

public sealed record SessionBody(
    string Id, bool Current, string Device, string Address, string UserAgent, IReadOnlyList<string> Amr, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt)
{
    public static SessionBody Of(Session session, string? current) => new(
        session.Id, session.Id == current, DeviceName.Of(session.UserAgent).ToString(), session.Address, session.UserAgent, session.AmrWords,
        session.CreatedAt.ToInstant(), session.LastSeenAt.ToInstant(), session.ExpiresAt.ToInstant());
}

public sealed record ActiveSessionBody(bool Active, SessionBody Session);

public sealed record SessionsBody(IReadOnlyList<SessionBody> Items);

/// <summary>The JSON door to one's own sessions.</summary>
public sealed class SessionsEndpoints(Database database, SessionDirectory sessions, SessionEnding ending)
{
    public async Task<IResult> ActiveAsync(HttpContext http)
    {
        var caller = http.Caller();
        return await sessions.FindLiveAsync(caller.SessionId) is { } session
            ? Answers.Json(new ActiveSessionBody(true, SessionBody.Of(session, caller.SessionId)))
            : Answers.Problem(CommonProblems.Unauthorized);
    }

    public async Task<IResult> ListAsync(HttpContext http)
    {
        var caller = http.Caller();
        var live = await database.ReadAsync(scope => sessions.ListLiveAsync(scope, caller.AccountId));
        return Answers.Json(new SessionsBody([.. live.Select(session => SessionBody.Of(session, caller.SessionId))]));
    }

    public async Task<IResult> EndAsync(HttpContext http)
    {
        var ended = await ending.TryEndAsync(http.Caller(), http.Request.RouteValues["id"]?.ToString() ?? "", ClientInfo.Of(http));
        return ended ? Answers.Message("The session has ended.") : Answers.Problem(CommonProblems.NotFound);
    }

    public async Task<IResult> EndOthersAsync(HttpContext http)
    {
        await ending.EndOthersAsync(http.Caller(), ClientInfo.Of(http));
        return Answers.Message("All other sessions have ended.");
    }
}
