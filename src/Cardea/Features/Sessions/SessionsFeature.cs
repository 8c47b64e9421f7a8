using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Features.Sessions;

internal static class SessionsFeature
{
    public static void AddSessions(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(SessionsOptions.Read(settings));
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionDirectory>();
        services.AddSingleton<DeviceStore>();
        services.AddSingleton<KnownDevices>();
        services.AddSingleton<DeviceCookie>();
        services.AddSingleton<FindKnownDevice>(provider =>
        {
            var (database, devices, cookie) = (provider.GetRequiredService<Database>(), provider.GetRequiredService<KnownDevices>(), provider.GetRequiredService<DeviceCookie>());
            return async http => cookie.Client(http).DeviceToken is { } token ? await database.ReadAsync(scope => devices.FindAccountAsync(scope, token)) : null;
        });
        services.AddSingleton<SessionCookie>();
        services.AddSingleton<SessionEnding>();
        services.AddSingleton<SessionsEndpoints>();
        services.AddSingleton<SessionsPages>();
        services.AddSingleton<IHostedService, SessionCountJob>();
        services.AddSingleton(provider => new Purge("sessions", provider.GetRequiredService<SessionDirectory>().PurgeAsync));
        services.AddSingleton(provider => new Purge("devices", (transaction, now, most) =>
            provider.GetRequiredService<DeviceStore>().PurgeAsync(transaction, now - (long)KnownDevices.KeptFor.TotalMilliseconds, most)));
        services.AddSingleton(provider => new AccountData("sessions", ["sessions"], async (scope, id) =>
            (await provider.GetRequiredService<SessionDirectory>().ListLiveAsync(scope, id)).Select(session => SessionBody.Of(session, null))));
        services.AddSingleton(provider => new AccountData("devices", ["devices"], async (scope, id) =>
            (await provider.GetRequiredService<DeviceStore>().ListOfAccountAsync(scope, id)).Select(device => new
            {
                device.Id,
                CreatedAt = device.CreatedAt.ToInstant(),
                LastSeenAt = device.LastSeenAt.ToInstant(),
                device.UserAgent,
                TrustedUntil = device.TrustedUntil.ToInstant(),
            })));
    }

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<SessionsEndpoints>();
        var own = Limit.None("the owner's own sessions");
        routes.Door("GET", "/session/active", doors.ActiveAsync, Access.Bearer, own)
            .Says("Sessions", "Does this session live?")
            .Gives(StatusCodes.Status200OK, typeof(ActiveSessionBody));
        routes.Door("GET", "/sessions", doors.ListAsync, Access.Bearer, own)
            .Says("Sessions", "Where am I signed in?", "Oldest first; `current` is the one that asks.")
            .Gives(StatusCodes.Status200OK, typeof(SessionsBody));
        routes.Door("DELETE", "/sessions/{id}", doors.EndAsync, Access.Bearer, own)
            .Says("Sessions", "End one session", "Its refresh token and access tokens end with it, at once and on every node.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(CommonProblems.NotFound);
        routes.Door("DELETE", "/sessions", doors.EndOthersAsync, Access.Bearer, own)
            .Says("Sessions", "End all other sessions")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody));
        var pages = routes.ServiceProvider.GetRequiredService<SessionsPages>();
        routes.Page("/account/sessions", pages.ShowAsync, PageAccess.SignedIn);
        routes.Form("/account/sessions/end", pages.EndAsync, PageAccess.SignedIn, own);
        routes.Form("/account/sessions/end-others", pages.EndOthersAsync, PageAccess.SignedIn, own);
    }
}
