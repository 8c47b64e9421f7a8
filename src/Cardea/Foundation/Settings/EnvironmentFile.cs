namespace Cardea.Foundation.Settings;

/// <summary>
/// A <c>.env</c> file: <c>KEY=value</c> lines, <c>#</c> comments, an optional <c>export</c>, values plain or in quotes. Nothing is substituted
/// or executed.
/// </summary>
public static class EnvironmentFile
{
    /// <exception cref="SettingsException">A line is not a comment and not an assignment.</exception>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<string>();
        var number = 0;
        foreach (var raw in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            line = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            var at = line.IndexOf('=', StringComparison.Ordinal);
            var key = at < 0 ? "" : line[..at].Trim();
            if (key.Length == 0 || key.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or ':' or '.' or '-')))
            {
                faults.Add($".env, line {number}: allowed is KEY=value, a comment or an empty line.");
                continue;
            }

            if (Value(line[(at + 1)..].Trim()) is not { } value)
            {
                faults.Add($".env, line {number}: the quotation mark of {key} is not closed.");
                continue;
            }

            values[key] = value;
        }

        return faults.Count == 0 ? values : throw new SettingsException(faults);
    }

    /// <summary>Sets the variables that the process was not given: what is nearer to the process is stronger.</summary>
    public static void Apply(IReadOnlyDictionary<string, string> values)
    {
        foreach (var (key, value) in values)
        {
            if (Environment.GetEnvironmentVariable(key) is null)
            {
                Environment.SetEnvironmentVariable(key, value);
            }
        }
    }

    private static string? Value(string text)
    {
        if (text.Length == 0 || text[0] is not ('"' or '\''))
        {
            var comment = text.IndexOf(" #", StringComparison.Ordinal);
            return comment < 0 ? text : text[..comment].TrimEnd();
        }

        var end = text.IndexOf(text[0], 1);
        while (text[0] == '"' && end > 0 && text[end - 1] == '\\')
        {
            end = text.IndexOf('"', end + 1);
        }

        if (end < 0)
        {
            return null;
        }

        var inside = text[1..end];
        return text[0] == '\'' ? inside : inside.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
    }
}
