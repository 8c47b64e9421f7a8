using Cardea.Features.Shared;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The browser door to the server itself: figures, keys, settings, health.</summary>
public sealed class AdminHousePages(AdminStats stats, SigningKeyRing ring, SettingsInForce settings, HealthReport health, IsPermitted isPermitted, Views views, TimeProvider clock)
{
    public const string KeysPath = "/admin/keys";

    public async Task<IResult> FiguresAsync(HttpContext http) => await views.ShowAsync<AdminDashboardPage>(http, new { Stats = await stats.ReadAsync() });

    public async Task<IResult> KeysAsync(HttpContext http)
    {
        await ring.CurrentAsync(); // the first look may come before the first token
        return await views.ShowAsync<AdminKeysPage>(http, new
        {
            Keys = (IReadOnlyList<StoredSigningKey>)await ring.ListAsync(),
            Now = clock.Milliseconds(),
            MayWrite = await isPermitted(http.Caller(), AdminPermissions.KeysWrite),
        });
    }

    public async Task<IResult> RotateAsync(HttpContext http, IFormCollection form)
    {
        var by = AdminAccountsEndpoints.By(http);
        if (form["now"] == "true")
        {
            await ring.ReplaceAsync(by.Client, by.Actor);
            return views.Redirect(http, KeysPath, FlashKind.Success, "The new key signs from now on; the ones before it are refused.");
        }

        await ring.RotateAsync(by.Client, by.Actor);
        return views.Redirect(http, KeysPath, FlashKind.Success, "A new key was made. It is published now and signs in ten minutes.");
    }

    public Task<IResult> SettingsAsync(HttpContext http) => views.ShowAsync<AdminSettingsPage>(http, new { Settings = settings.List() });

    public async Task<IResult> HealthAsync(HttpContext http) => await views.ShowAsync<AdminHealthPage>(http, new { Lines = await health.ExamineAsync(http.RequestAborted), At = clock.Milliseconds().ToInstant() });
}
