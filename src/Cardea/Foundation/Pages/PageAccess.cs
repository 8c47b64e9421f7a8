namespace Cardea.Foundation.Pages;

/// <summary>Who may open a page.</summary>
public enum PageAccess
{
    Anyone,

    /// <summary>Whoever has a living cookie session; others are sent to sign in and come back.</summary>
    SignedIn,

    /// <summary>As <see cref="SignedIn"/>, and lately; others confirm that it is them and come back.</summary>
    RecentlySignedIn,

    /// <summary>As <see cref="RecentlySignedIn"/>, or a half-finished sign-in that must set up a second factor first.</summary>
    Enrolling,

    /// <summary>A client on this machine.</summary>
    Loopback,
}
