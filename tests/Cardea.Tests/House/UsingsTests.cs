namespace Cardea.Tests.House;

/// <summary>The one thing that `dotnet format` puts in order and neither the build nor its check of blanks looks at.</summary>
public sealed class UsingsTests
{
    [Theory, InlineData("src"), InlineData("tests"), InlineData("bench")]
    public void What_a_file_uses_is_named_in_order_and_the_frameworks_own_first(string folder)
    {
        var files = SourceTree.ReadAll(folder);
        Assert.True(files.Count > 10);
        SourceTree.AssertNone(
            files.Select(file => (file.Path, Names: NamesOf(file.Text))).Where(file => !file.Names.SequenceEqual(InOrder(file.Names))).Select(file => file.Path),
            "`dotnet format` would move the usings of:");
    }

    [Fact]
    public void An_order_of_its_own_is_seen()
    {
        Assert.NotEqual(["Cardea.B", "System.Net"], InOrder(["Cardea.B", "System.Net"]));
        Assert.NotEqual(["System.Text", "System.Net"], InOrder(["System.Text", "System.Net"]));
        Assert.Equal(["System", "System.Net", "Cardea.A", "Cardea.A.B", "Cardea.Ab", "Xunit"], InOrder(["Xunit", "Cardea.Ab", "Cardea.A.B", "System.Net", "Cardea.A", "System"]));
        Assert.Equal(["System.Net", "Cardea.A"], NamesOf("using System.Net;\nusing Cardea.A;\nusing static Cardea.B;\nusing C = Cardea.D;\n\nnamespace X;\nusing var e = f;\n"));
    }

    private static List<string> NamesOf(string text) =>
        [.. text.Split('\n').TakeWhile(line => line.Length == 0 || line[0] == '/' || line.StartsWith("using ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && line.LastIndexOf(' ') < "using ".Length)
            .Select(line => line["using ".Length..^1])];

    private static IEnumerable<string> InOrder(IEnumerable<string> names) =>
        names.OrderBy(name => name == "System" || name.StartsWith("System.", StringComparison.Ordinal) ? 0 : 1).ThenBy(name => name.Replace('.', '\0'), StringComparer.OrdinalIgnoreCase);
}
