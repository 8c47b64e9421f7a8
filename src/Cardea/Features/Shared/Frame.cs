using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Shared;

/// <summary>What every page needs to be drawn, whatever is on it.</summary>
/// <param name="Texts">What is said, in the person's language.</param>
/// <param name="Branding">Whose pages these are.</param>
/// <param name="Assets">Where its stylesheet and scripts are.</param>
/// <param name="FormToken">Goes into every form.</param>
/// <param name="Flash">What the last page had to say, once.</param>
/// <param name="Path">Where we are.</param>
/// <param name="SignedInAs">The name to show for who is signed in; null when nobody is.</param>
/// <param name="HasScript">False on pages that must work from any state of the house, such as errors.</param>
/// <param name="Query">What stands behind the path, so that another language is the same page and not one that has forgotten a link's token.</param>
/// <param name="AsksForWork">Whether forms may be asked for a proof of work.</param>
/// <param name="Administration">The pages of the administration that who is signed in may open; empty for most.</param>
/// <param name="IsViewing">Who is signed in looks at somebody else's account, as whom they are shown. Every page says so.</param>
public sealed record Frame(
    Texts Texts, Branding Branding, PageAssets Assets, string FormToken, FlashMessage? Flash, string Path, string? SignedInAs, bool HasScript = true, string Query = "",
    bool AsksForWork = false, IReadOnlyList<FramePlace>? Administration = null, bool IsViewing = false)
{
    public override string ToString() => $"[frame of {Path}]";
}

/// <summary>A page that the frame leads to.</summary>
public sealed record FramePlace(string Path, Phrase Text);

/// <summary>A form as it comes back to be mended: what was typed (never a password) and what is wrong with it.</summary>
/// <param name="FirstWrong">The field to begin with, in the order of the form.</param>
public sealed record FormState(IReadOnlyDictionary<string, string> Typed, IReadOnlyDictionary<string, IReadOnlyList<string>> Errors, string? Problem = null, string? FirstWrong = null)
{
    public static readonly FormState Empty = new(new Dictionary<string, string>(), new Dictionary<string, IReadOnlyList<string>>());

    public string Value(string field) => Typed.GetValueOrDefault(field, "");

    public IReadOnlyList<string> ErrorsOf(string field) => Errors.GetValueOrDefault(field, []);
}
