using Cardea.Foundation.Problems;

namespace Cardea.Features.SignIn;

/// <summary>Another way to sign in, shown as a link on the sign-in page; registered by the room that offers it.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="Icon">A name that the <c>Icon</c> component knows.</param>
public sealed record SignInWay(int Order, string Icon, Phrase Text, string Path);
