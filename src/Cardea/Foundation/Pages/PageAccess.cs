namespace Cardea.Foundation.Pages;

/// <summary>Who may open a page.</summary>
public enum PageAccess
{
    Anyone,

    /// <summary>Whoever has a living cookie session; others are sent to sign in and come back.</summary>
    SignedIn,

    /// <summary>A client on this machine.</summary>
    Loopback,
}
