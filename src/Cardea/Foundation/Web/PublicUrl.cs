using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>
/// Where people reach this server: the only source of links in mail, of the token issuer and of cookie security. In Development it may be
/// left out, and then it is the first address that the server listens on.
/// </summary>
public sealed class PublicUrl(Uri? configured, IServer server)
{
    private Uri? _value = configured is null ? null : Ascii(configured);

    /// <exception cref="InvalidOperationException">It was left out and the server does not listen yet: to guess would be to mail wrong links.</exception>
    public Uri Value => _value ??= FirstListening();

    /// <summary>False only while it was left out and the server does not listen yet.</summary>
    public bool IsKnown => _value is not null || server.Features.Get<IServerAddressesFeature>()?.Addresses.Count > 0;

    /// <summary>Without a slash at its end, so that paths can be put behind it.</summary>
    public string Text => Value.GetLeftPart(UriPartial.Path).TrimEnd('/');

    public bool IsHttps => Value.Scheme == Uri.UriSchemeHttps;

    public HostString Host => field.HasValue ? field : field = Value.IsDefaultPort ? new HostString(Value.Host) : new HostString(Value.Host, Value.Port);

    public string Link(string path, string parameter, string value) => $"{Text}{path}?{parameter}={Uri.EscapeDataString(value)}";

    public static bool IsAllowed(string? text, out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https" && url.AbsolutePath == "/"
        && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0;

    /// <summary>An internationalized name as the DNS, the Host header and a mail's link have it.</summary>
    private static Uri Ascii(Uri url) => url.HostNameType is UriHostNameType.Dns ? new UriBuilder(url) { Host = url.IdnHost }.Uri : url;

    private Uri FirstListening()
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The public URL was asked for before the server listens.");
        var reachable = address.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal)
            .Replace("//0.0.0.0", "//localhost", StringComparison.Ordinal).Replace("//[::]", "//localhost", StringComparison.Ordinal);
        return new Uri(reachable);
    }
}
