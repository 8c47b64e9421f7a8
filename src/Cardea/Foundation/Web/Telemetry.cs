using System.Diagnostics;

namespace Cardea.Foundation.Web;

/// <summary>The name under which metrics and traces are published.</summary>
public static class Telemetry
{
    public const string Name = "Cardea";

    public static readonly ActivitySource Activities = new(Name);
}
