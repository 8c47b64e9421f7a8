namespace Cardea.Tests.Harness;

/// <summary>As <see cref="SmtpFactAttribute"/>, for a theory.</summary>
public sealed class SmtpTheoryAttribute : TheoryAttribute
{
    public SmtpTheoryAttribute() => Skip = SmtpServer.WhyNot!;
}
