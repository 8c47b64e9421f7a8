using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.SecondSteps;

/// <summary>A line of the security page, told by the room that knows it: what it is, how it stands, and where it is changed.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="Icon">A name that the <c>Icon</c> component knows.</param>
/// <param name="StateAsync">How it stands for an account, such as "Off" or "8 left".</param>
public sealed record SecurityEntry(int Order, string Icon, Phrase Title, string Path, Func<Scope, string, Task<Phrase>> StateAsync);
