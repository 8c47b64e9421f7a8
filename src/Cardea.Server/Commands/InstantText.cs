using System.Globalization;
using Cardea.Foundation.Data;

namespace Cardea.Server.Commands;

/// <summary>How commands write instants: RFC 3339 in UTC.</summary>
internal static class InstantText
{
    public static string Shown(this long milliseconds) => milliseconds.ToInstant().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Shown(this long? milliseconds) => milliseconds is { } known ? known.Shown() : "never";
}
