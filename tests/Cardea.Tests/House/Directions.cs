using System.Text.RegularExpressions;

namespace Cardea.Tests.House;

/// <summary>
/// Who may know whom: the one table, which is the fenced block `directions` of ARCHITECTURE.md. It stands there and nowhere else, so a reader
/// and this test can't be told different things.
/// </summary>
public sealed partial class Directions
{
    private const string EveryRoom = "every room";

    private readonly Dictionary<string, string[]> _rows = [];

    private Directions(string block)
    {
        foreach (var line in block.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = line.Split("->");
            Assert.True(sides.Length == 2, $"A line of the block is `who -> whom, whom`, and this is not: {line}");
            var to = sides[1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            foreach (var from in sides[0].Split(',', StringSplitOptions.TrimEntries))
            {
                Assert.True(_rows.TryAdd(from, to), $"{from} has two lines in the block.");
                Order.Add(from);
            }
        }
    }

    /// <summary>The places from the top of the house to its ground.</summary>
    public List<string> Order { get; } = [];

    public IEnumerable<string> Rooms => Order.Where(place => place is not (EveryRoom or "Cardea.Server" or "Features.cs" or "Foundation" or "Cardea.Crypto"));

    public static Directions Read() => new(Block().Match(SourceTree.Read("ARCHITECTURE.md")) is { Success: true } match
        ? match.Groups[1].Value
        : throw new InvalidOperationException("ARCHITECTURE.md has no fenced block ```directions."));

    public IReadOnlyList<string> Of(string place) => _rows.TryGetValue(place, out var to) ? to : [];

    public bool Allows(string from, string to) =>
        from == to
        || Of(from).Contains(to)
        || (Of(from).Contains(EveryRoom) && Rooms.Contains(to))
        || (Rooms.Contains(from) && Of(EveryRoom).Contains(to));

    [GeneratedRegex("```directions\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
