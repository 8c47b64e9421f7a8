using Cardea.Features.Accounts;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// How a factor is asked for on the pages, registered by the room that owns it: as the second step of a sign-in, and where a living session
/// confirms itself. The first that an account has is shown, the others are links.
/// </summary>
/// <param name="Method">As <see cref="ISecondFactor.Method"/>.</param>
/// <param name="Order">Its place among the others.</param>
/// <param name="Icon">A name that the <c>Icon</c> component knows.</param>
/// <param name="Choose">The words of the link that leads to it.</param>
/// <param name="Lead">What to do.</param>
public sealed record FactorWay(string Method, int Order, string Icon, Phrase Choose, Phrase Lead)
{
    /// <summary>The field that takes its code.</summary>
    public CodeField? Code { get; init; }

    /// <summary>
    /// For a factor that takes no code, the component in place of the form. It gets <c>Frame</c>, <c>Action</c> (where its form posts
    /// <c>method</c> and <c>credential</c>), <c>MayTrust</c>, and what <see cref="PrepareAsync"/> gives.
    /// </summary>
    public Type? View { get; init; }

    /// <summary>Makes what the component needs. The sign-in is null where a living session confirms itself.</summary>
    public Func<AccountSnapshot, PendingSignIn?, ClientInfo, Task<IReadOnlyDictionary<string, object?>>>? PrepareAsync { get; init; }

    /// <summary>Sends what was mailed once more; null for a factor that mails nothing.</summary>
    public Func<AccountSnapshot, PendingSignIn, ClientInfo, Task<Problem?>>? SendAgainAsync { get; init; }
}

/// <summary>A field for a code.</summary>
/// <param name="Label">What stands above it.</param>
/// <param name="Longest">As it may be typed, with spaces and hyphens.</param>
/// <param name="IsNumeric">Digits only: a phone shows its number pad and offers the code that it has just received.</param>
public sealed record CodeField(Phrase Label, int Longest, bool IsNumeric);

/// <summary>A factor that a sign-in can set up when it must, shown as a link; registered by the room that owns it.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="Icon">A name that the <c>Icon</c> component knows.</param>
/// <param name="Title">What it is.</param>
/// <param name="Text">What it asks of a person, in a sentence.</param>
/// <param name="Path">Its page, which is open to <see cref="Foundation.Pages.PageAccess.Enrolling"/>.</param>
public sealed record EnrolmentWay(int Order, string Icon, Phrase Title, Phrase Text, string Path);
