using System.Text.RegularExpressions;

namespace Cardea.Tests.House;

/// <summary>The source as it lies in the repository, for checks that read it as a reader would.</summary>
public static partial class SourceTree
{
    public static readonly string Root = FindRoot();

    /// <summary>Every C# file of the product, generated ones left out.</summary>
    public static IReadOnlyList<SourceFile> Product { get; } = ReadAll("src");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    public static IReadOnlyList<SourceFile> ReadAll(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path, Read(path)))];

    /// <summary>Names every offender, so that the one who broke the rule sees where.</summary>
    public static void AssertNone(IEnumerable<string> offenders, string rule)
    {
        var all = offenders.ToList();
        Assert.True(all.Count == 0, $"{rule}\n  {string.Join("\n  ", all)}");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cardea.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No folder above the tests holds Cardea.slnx.");
    }
}

/// <param name="Path">From the root, with slashes.</param>
/// <param name="Text">All of it.</param>
public sealed partial record SourceFile(string Path, string Text)
{
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Without comments and without what stands in quotation marks.</summary>
    public string Code { get; } = Strings().Replace(Comments().Replace(Text, match => match.Value.StartsWith('/') ? "" : match.Value), "\"\"");

    /// <summary>The text without comments: what the strings say still stands in it.</summary>
    public string Uncommented { get; } = Comments().Replace(Text, match => match.Value.StartsWith('/') ? "" : match.Value);

    public string? Namespace => NamespaceLine().Match(Text) is { Success: true } match ? match.Groups[1].Value : null;

    public IReadOnlyList<string> Usings => [.. UsingLine().Matches(Text).Select(match => match.Groups[1].Value)];

    // A string is matched too, and left as it is, so that "https://…" does not look like the start of a comment.
    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*|/\\*.*?\\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"", RegexOptions.Singleline)]
    private static partial Regex Strings();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^\s*(?:global )?using (?:static )?(?:\w+ = )?(?:global::)?([\w.]+)[\w<>, .]*;", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
