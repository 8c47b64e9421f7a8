using System.Net;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>What a request tells about its sender. Everything but the address is the sender's word.</summary>
/// <param name="Language">One of those there are; mails that the request leads to are written in it.</param>
/// <param name="Binding">What ties a mailed code to the browser that asks for it or types it; null for whoever isn't a page.</param>
/// <param name="Actor">Who does it, where that is not the account's owner: it goes with the request into every audit row that comes of it.</param>
public sealed record ClientInfo(
    string Address, string AddressGroup, string UserAgent, string RequestId, string Language, string? DeviceToken, string? Binding = null, string? Actor = null)
{
    private const int LongestUserAgent = 256;

    /// <summary>Stands for what a command or a job does.</summary>
    public static ClientInfo Server(string actor) => new("", "", actor, "", Languages.Fallback, null);

    public static ClientInfo Of(HttpContext http, string? deviceToken = null)
    {
        var address = ClientAddress.Plain(http.Connection.RemoteIpAddress);
        return new(address.ToString(), ClientAddress.Group(address), Printable(http.Request.Headers.UserAgent.ToString()), http.TraceIdentifier, Languages.Of(http.Request), deviceToken, Actor: http.CallerIfAny()?.ActorId);
    }

    public static string GroupOf(HttpContext http) => ClientAddress.Group(ClientAddress.Plain(http.Connection.RemoteIpAddress));

    public static bool IsLoopback(HttpContext http) => IPAddress.IsLoopback(ClientAddress.Plain(http.Connection.RemoteIpAddress));

    public override string ToString() => $"[client {Address}, request {RequestId}]";

    private static string Printable(string text) =>
        text.Length <= LongestUserAgent && text.All(letter => letter is >= ' ' and < '\u007f')
            ? text
            : new string([.. text.Where(letter => letter is >= ' ' and < '\u007f').Take(LongestUserAgent)]);
}
