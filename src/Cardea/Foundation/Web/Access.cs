namespace Cardea.Foundation.Web;

/// <summary>Who may call a door. Decided before the body is read.</summary>
public enum Access
{
    Anyone,

    /// <summary>The bearer of an access token whose session lives (RFC 6750).</summary>
    Bearer,

    /// <summary>A client on this machine.</summary>
    Loopback,
}
