using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SecondSteps;

/// <summary>The browser door to the devices that are asked for no second step.</summary>
public sealed class TrustedDevicesPages(Database database, TrustedDevices trusted, KnownDevices known, DeviceCookie cookie, Views views)
{
    public const string Path = "/account/security/devices";

    public async Task<IResult> ShowAsync(HttpContext http)
    {
        var accountId = http.Caller().AccountId;
        var (devices, here) = await database.ReadAsync(async scope => (await trusted.ListAsync(scope, accountId), await known.RecogniseAsync(scope, accountId, cookie.Client(http))));
        return await views.ShowAsync<TrustedDevicesPage>(http, new { Devices = devices, Here = here is { ByToken: true } ? here.Device.Id : null });
    }

    public async Task<IResult> EndAsync(HttpContext http, IFormCollection form) => await trusted.TryEndAsync(http.Caller(), form["id"].ToString(), ClientInfo.Of(http))
        ? views.Redirect(http, Path, FlashKind.Success, "The device is asked for the second step again.")
        : views.Redirect(http, Path, FlashKind.Notice, "That device was not trusted any more.");

    public async Task<IResult> EndAllAsync(HttpContext http, IFormCollection form)
    {
        await trusted.EndAllAsync(http.Caller(), ClientInfo.Of(http));
        return views.Redirect(http, Path, FlashKind.Success, "All devices are asked for the second step again.");
    }
}
