using Cardea.Foundation.Problems;

namespace Cardea.Features.SignIn;

/// <summary>Another way to sign in, shown as a link on the sign-in page; registered by the room that offers it.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="Icon">A name that the <c>Icon</c> component knows.</param>
public sealed record SignInWay(int Order, string Icon, Phrase Text, string Path);

/// <summary>A part of the sign-in page itself, drawn by the room that offers it. It gets <c>Frame</c> and <c>ReturnTo</c>.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="View">A component.</param>
/// <param name="Autocomplete">What the browser may fill the name's field with besides names.</param>
public sealed record SignInPart(int Order, Type View, string Autocomplete);
