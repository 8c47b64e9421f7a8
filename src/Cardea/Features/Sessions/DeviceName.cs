using Cardea.Foundation.Problems;

namespace Cardea.Features.Sessions;

/// <summary>Makes "Firefox on Linux" of a user agent: enough to know one's own devices again. What it can't tell it doesn't guess.</summary>
public static class DeviceName
{
    // The order matters: each browser also claims to be those below it.
    private static readonly (string Mark, string Name)[] Programs =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("SamsungBrowser/", "Samsung Internet"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"), ("Safari/", "Safari"), ("curl/", "curl"), ("okhttp/", "Android app"), ("python-requests/", "Python")];

    private static readonly (string Mark, string Name)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    public static Phrase Of(string userAgent)
    {
        var program = Name(Programs, userAgent);
        var system = Name(Systems, userAgent);
        return (program, system) switch
        {
            (null, null) => "Unknown device",
            (null, _) => system,
            (_, null) => program,
            _ => new Phrase("{0} on {1}", program, system),
        };
    }

    private static string? Name((string Mark, string Name)[] marks, string userAgent) =>
        marks.FirstOrDefault(mark => userAgent.Contains(mark.Mark, StringComparison.Ordinal)).Name;
}
