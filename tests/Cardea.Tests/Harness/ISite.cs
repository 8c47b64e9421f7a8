using System.Net;

namespace Cardea.Tests.Harness;

/// <summary>Where somebody goes: an app in this process, or programs of their own behind a proxy.</summary>
public interface ISite
{
    /// <summary>The public address, as a browser names it.</summary>
    string Origin { get; }

    HttpClient NewClient(CookieContainer? cookies = null);

    /// <summary>What was mailed to an address, newest first.</summary>
    Task<IReadOnlyList<TestMail>> MailsToAsync(string address);
}
