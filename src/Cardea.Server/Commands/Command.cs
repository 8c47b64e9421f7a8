using System.Text.RegularExpressions;

namespace Cardea.Server.Commands;

/// <summary>
/// A command of the executable. Its usage is its grammar: <c>WORD</c> must be given, <c>[WORD]</c> may be, <c>[--option]</c> and
/// <c>[--option WORD]</c> may be given anywhere behind the name.
/// </summary>
/// <param name="Name">One word, or a group and a word: <c>user add</c>.</param>
/// <param name="Usage">What stands behind the name.</param>
/// <param name="Says">One sentence for the list of commands.</param>
/// <param name="RunAsync">Gives the exit code.</param>
internal sealed partial record Command(string Name, string Usage, string Says, Func<CommandCall, Task<int>> RunAsync)
{
    /// <summary>What its own help says beyond the sentence.</summary>
    public string More { get; init; } = "";

    public string Line => Usage.Length == 0 ? $"cardea {Name}" : $"cardea {Name} {Usage}";

    /// <summary>Each option, and whether a value follows it.</summary>
    public IReadOnlyDictionary<string, bool> Options { get; } =
        OptionInUsage().Matches(Usage).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Success);

    public int LeastWords { get; } = WordInUsage().Count(OptionInUsage().Replace(Usage, "").Replace("[]", "", StringComparison.Ordinal)) - OptionalInUsage().Count(Usage);

    public int MostWords { get; } = WordInUsage().Count(OptionInUsage().Replace(Usage, ""));

    public string Help => $"{Line}\n\n{Says}\n{(More.Length == 0 ? "" : $"\n{More.ReplaceLineEndings("\n").TrimEnd()}\n")}\n{Settings}\n";

    internal const string Settings =
        "Settings are those of the server, from the same places: appsettings.json, .env, environment variables (Cardea__Section__Key), and --Cardea:Section:Key=value.";

    [GeneratedRegex(@"--([a-z-]+)(?: ([A-Z]+))?")]
    private static partial Regex OptionInUsage();

    [GeneratedRegex("[A-Z]{2,}")]
    private static partial Regex WordInUsage();

    [GeneratedRegex(@"\[[A-Z]+\]")]
    private static partial Regex OptionalInUsage();
}
