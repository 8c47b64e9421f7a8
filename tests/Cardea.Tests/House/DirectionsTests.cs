using System.Text.RegularExpressions;

namespace Cardea.Tests.House;

public sealed partial class DirectionsTests
{
    private readonly Directions _directions = Directions.Read();

    [Fact]
    public void A_namespace_is_its_folder() => SourceTree.AssertNone(
        SourceTree.Product
            .Where(file => file.Name is not "Program.cs")
            .Select(file => (file, expected: file.Path["src/".Length..].Replace('/', '.')[..^(file.Name.Length + 1)]))
            .Where(pair => pair.file.Namespace != pair.expected)
            .Select(pair => $"{pair.file.Path} is in {pair.file.Namespace ?? "no namespace"}, not in {pair.expected}"),
        "A file's namespace is the folder that it lies in.");

    [Fact]
    public void Every_folder_under_Features_is_a_room_of_the_table_and_the_other_way_round()
    {
        var folders = Directory.GetDirectories(Path.Combine(SourceTree.Root, "src/Cardea/Features")).Select(Path.GetFileName).Order(StringComparer.Ordinal);

        Assert.Equal(folders, _directions.Rooms.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nobody_uses_what_the_table_does_not_allow() => SourceTree.AssertNone(
        Uses().Where(use => !_directions.Allows(use.From, use.To)).Select(use => $"{use.Path}: {use.From} -> {use.To}").Distinct(),
        "The block `directions` of ARCHITECTURE.md does not allow these. Turn the dependency round, move the type down, or say in the block why the house has changed:");

    [Fact]
    public void The_table_allows_nothing_that_nobody_uses()
    {
        var used = Uses().Select(use => (use.From, use.To)).ToHashSet();

        SourceTree.AssertNone(
            from room in _directions.Rooms
            from to in _directions.Of(room)
            where !used.Contains((room, to))
            select $"{room} -> {to}",
            "The block `directions` of ARCHITECTURE.md tells of directions that the code has not:");
    }

    [Fact]
    public void A_room_stands_above_everything_that_it_uses()
    {
        var rooms = _directions.Rooms.ToList();

        SourceTree.AssertNone(
            from room in rooms
            from to in _directions.Of(room)
            where rooms.IndexOf(to) <= rooms.IndexOf(room)
            select $"{room} -> {to}",
            "The table is in floor order, so that there is no circle: these lead upwards or nowhere.");
    }

    /// <summary>Also in sources that the compiler writes from project files: `Using Include="Cardea…"`.</summary>
    [Fact]
    public void No_using_of_ours_is_global() => SourceTree.AssertNone(
        SourceTree.Product.Where(file => GlobalUsing().IsMatch(file.Text)).Select(file => file.Path)
            .Concat(Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
                .Append(Path.Combine(SourceTree.Root, "Directory.Build.props"))
                .Where(path => File.ReadAllText(path).Contains("Using Include=\"Cardea", StringComparison.Ordinal))),
        "A global using hides a direction:");

    /// <summary>By a using line or by a name that begins with the room's: `Accounts.Email` needs no using and is a direction all the same.</summary>
    private IEnumerable<(string Path, string From, string To)> Uses()
    {
        var rooms = _directions.Rooms.ToList();
        var mention = new Regex($@"(?<![\w.])(?:Features\.)?({string.Join('|', rooms.Append("Foundation").Append("Crypto"))})\.[A-Z]");
        foreach (var file in SourceTree.Product.Where(file => file.Namespace is not null))
        {
            var from = file.Path is "src/Cardea/Features.cs" ? "Features.cs" : PlaceOf(file.Namespace!);
            foreach (var used in file.Usings.Where(name => name.StartsWith("Cardea", StringComparison.Ordinal)))
            {
                yield return (file.Path, from, PlaceOf(used));
            }

            foreach (Match match in mention.Matches(UsingLines().Replace(file.Code, "")))
            {
                yield return (file.Path, from, match.Groups[1].Value is "Crypto" ? "Cardea.Crypto" : match.Groups[1].Value);
            }
        }
    }

    private static string PlaceOf(string name) => name.Split('.') switch
    {
        ["Cardea"] => "Features.cs",
        ["Cardea", "Features", var room, ..] => room,
        ["Cardea", "Server" or "Crypto", ..] parts => $"Cardea.{parts[1]}",
        ["Cardea", var place, ..] => place,
        _ => name,
    };

    [GeneratedRegex(@"^\s*global using .*Cardea", RegexOptions.Multiline)]
    private static partial Regex GlobalUsing();

    [GeneratedRegex(@"^(using|namespace) [^\n]*;", RegexOptions.Multiline)]
    private static partial Regex UsingLines();
}
