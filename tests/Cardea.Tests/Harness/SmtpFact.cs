
namespace Cardea.Tests.Harness;

/// <summary>A fact that needs Debian's <c>python3-aiosmtpd</c>; skipped with that reason where it isn't installed.</summary>
public sealed class SmtpFactAttribute : FactAttribute
{
    public SmtpFactAttribute() => Skip = SmtpServer.WhyNot!;
}
