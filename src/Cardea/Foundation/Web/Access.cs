namespace Cardea.Foundation.Web;

/// <summary>Who may call a door. Decided before the body is read.</summary>
public enum Access
{
    Anyone,

    /// <summary>The bearer of an access token whose session lives (RFC 6750).</summary>
    Bearer,

    /// <summary>As <see cref="Bearer"/>, and whoever it is has proved so within the last minutes: for what changes how one signs in.</summary>
    RecentBearer,

    /// <summary>As <see cref="RecentBearer"/>, or a half-finished sign-in that must set up a second factor first.</summary>
    Enrolling,

    /// <summary>
    /// Whoever holds the permission that the door names, by an access token or by the cookie of the pages; and lately proved for what changes something.
    /// </summary>
    Administrator,

    /// <summary>A client on this machine.</summary>
    Loopback,
}
