using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Overview;

internal static class OverviewFeature
{
    public static void AddOverview(this IServiceCollection services) => services.AddSingleton<OverviewPages>();

    public static void MapOverview(this IEndpointRouteBuilder routes) =>
        routes.Page("/dashboard", routes.ServiceProvider.GetRequiredService<OverviewPages>().ShowAsync, PageAccess.SignedIn);
}

/// <summary>The signed-in person's first page.</summary>
public sealed class OverviewPages(Database database, AccountDirectory accounts, SessionDirectory sessions, Views views)
{
    public async Task<IResult> ShowAsync(HttpContext http)
    {
        if (await accounts.FindAsync(http.Caller().AccountId) is not { } snapshot)
        {
            return Views.Redirect(PageDoors.LoginPath);
        }

        var live = await database.ReadAsync(scope => sessions.ListLiveAsync(scope, snapshot.Id));
        return await views.ShowAsync<DashboardPage>(http, new { User = UserBody.Of(snapshot), SessionCount = live.Count });
    }
}
