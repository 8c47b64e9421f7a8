using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Cardea.Foundation.Settings;

/// <summary>
/// Reads every setting once, at start, and collects what is wrong instead of stopping at the first fault. A key under
/// <c>Cardea:</c> that nobody reads is a fault too, so that a typing error can't switch a protection off.
/// </summary>
public sealed class SettingsReader(IConfiguration configuration)
{
    public const string Root = "Cardea";

    // Loops where a query would be shorter: what is generic over pairs of the framework is compiled at each start, and this is a part of every one.
    private readonly Dictionary<string, Setting> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _faults = [];

    /// <summary>What was asked for, with its default and the value in force: the settings reference and `cardea settings` read it.</summary>
    public IReadOnlyCollection<Setting> Known => [.. _known.Values.OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase)];

    public IReadOnlyList<string> Faults => _faults;

    public void Fault(string key, string? given, string allowed) =>
        _faults.Add($"{Root}:{key}: {(given is null ? "nothing was given" : $"\"{given}\" was given")}; {allowed}.");

    public string? Text(string key, string? @default = null, string meaning = "")
    {
        var given = configuration[$"{Root}:{key}"];
        var value = string.IsNullOrWhiteSpace(given) ? @default : given.Trim();
        Note(key, @default, value, meaning);
        return value;
    }

    public int Number(string key, int @default, int least, int most, string meaning = "")
    {
        var given = Text(key, @default.ToString(CultureInfo.InvariantCulture), meaning)!;
        if (int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(key, given, $"allowed is a whole number from {least} to {most}");
        return @default;
    }

    public bool Flag(string key, bool @default, string meaning = "")
    {
        var given = Text(key, @default ? "true" : "false", meaning)!;
        if (bool.TryParse(given, out var flag))
        {
            return flag;
        }

        Fault(key, given, "allowed is true or false");
        return @default;
    }

    /// <summary>One word of a closed list; the words are the enum's names in kebab case.</summary>
    public T Choice<T>(string key, T @default, string meaning = "")
        where T : struct, Enum
    {
        // By names: whatever is generic over the enum's values is compiled anew for each enum, at each start.
        var type = typeof(T);
        var names = Enum.GetNames(type);
        var words = Array.ConvertAll(names, Word);
        var given = Text(key, Word(@default), meaning)!;
        var found = Array.FindIndex(words, word => word.Equals(given, StringComparison.OrdinalIgnoreCase));
        if (found >= 0)
        {
            return (T)Enum.Parse(type, names[found]);
        }

        Fault(key, given, $"allowed is {string.Join(" or ", words)}");
        return @default;
    }

    /// <summary>A list: `Key:0`, `Key:1`, … or one value with commas.</summary>
    public IReadOnlyList<string> List(string key, string meaning = "")
    {
        var section = configuration.GetSection($"{Root}:{key}");
        var values = section.GetChildren().Select(child => child.Value ?? "")
            .Concat((section.Value ?? "").Split(','))
            .Select(value => value.Trim())
            .Where(value => value.Length > 0)
            .ToList();
        Note(key, null, string.Join(", ", values), meaning, isList: true);
        return values;
    }

    /// <summary>A secret, given as itself or as the path of a file that holds it.</summary>
    public string? Secret(string key, string meaning = "")
    {
        var given = configuration[$"{Root}:{key}"];
        var path = configuration[$"{Root}:{key}File"];
        var value = string.IsNullOrWhiteSpace(given) ? null : given;
        Note(key, null, value is null ? null : Setting.Masked, meaning);
        Note(key + "File", null, path, $"a file to read `{Root}:{key}` from");
        if (string.IsNullOrWhiteSpace(path))
        {
            return value;
        }

        if (value is not null)
        {
            Fault(key + "File", path, $"allowed is this or {Root}:{key}, not both");
            return value;
        }

        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Fault(key + "File", path, "needed is a file that this process can read");
            return null;
        }
    }

    /// <summary>Call it last: whatever is left under the root was asked for by nobody.</summary>
    /// <exception cref="SettingsException">Anything is wrong; the message lists all of it.</exception>
    public void Finish()
    {
        var unknown = new List<string>();
        foreach (var (path, value) in configuration.GetSection(Root).AsEnumerable(makePathsRelative: true))
        {
            if (value is not null && path.Length > 0 && !IsKnown(path))
            {
                unknown.Add(path);
            }
        }

        unknown.Sort(StringComparer.Ordinal);
        unknown.ForEach(path => _faults.Add($"{Root}:{path}: there is no such setting{Nearest(path)}."));

        if (_faults.Count > 0)
        {
            throw new SettingsException(_faults);
        }
    }

    internal static string Word<T>(T value)
        where T : struct, Enum => Word(value.ToString());

    private static string Word(string name)
    {
        var word = new StringBuilder();
        foreach (var letter in name)
        {
            word.Append(word.Length > 0 && char.IsUpper(letter) ? "-" : "").Append(char.ToLowerInvariant(letter));
        }

        return word.ToString();
    }

    private bool IsKnown(string path) =>
        _known.ContainsKey(path) || (path.LastIndexOf(':') is > 0 and var at && _known.TryGetValue(path[..at], out var list) && list.IsList);

    private string Nearest(string path)
    {
        var last = path[(path.LastIndexOf(':') + 1)..];
        var near = _known.Keys.Where(key => key.EndsWith(":" + last, StringComparison.OrdinalIgnoreCase) || key.StartsWith(path, StringComparison.OrdinalIgnoreCase)
            || Distance(key, path) <= 2).Take(3).ToList();
        return near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near.Select(key => $"{Root}:{key}"))}?";
    }

    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + same));
            }
        }

        return row[^1];
    }

    private void Note(string key, string? @default, string? value, string meaning, bool isList = false) =>
        _known[key] = new Setting($"{Root}:{key}", @default, value, meaning, isList);
}
