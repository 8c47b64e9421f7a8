using System.Text;

namespace Cardea.Features.Transfers;

/// <summary>A record of a CSV file; without cells when it can't be read.</summary>
internal sealed record CsvRecord(long Line, IReadOnlyList<string>? Cells, Skipped? Fault = null);

/// <summary>
/// CSV as RFC 4180 has it. A quote that is never closed would swallow the rest of the file: so a record that does not end in time costs its first line
/// alone, and reading goes on behind that.
/// </summary>
internal static class CsvRecords
{
    private const int MostLines = 100;

    public static IEnumerable<CsvRecord> Read(IEnumerable<TextLine> source)
    {
        using var lines = source.GetEnumerator();
        var again = new Queue<TextLine>();
        while (TryNext(out var first))
        {
            if (Fault(first, out var text) is { } fault)
            {
                yield return new(first.Number, null, fault);
                continue;
            }

            if (text!.Length == 0)
            {
                continue;
            }

            var (more, cells, why) = (new List<TextLine>(), new List<string>(), (Skipped?)null);
            while (Parse(text, cells) is var ending && ending is not Ending.Whole)
            {
                if (ending is Ending.Malformed)
                {
                    why = Skipped.Broken("a quotation mark stands where none may");
                    break;
                }

                if (more.Count == MostLines || !TryNext(out var next))
                {
                    why = Skipped.Broken("a quotation mark is not closed");
                    break;
                }

                more.Add(next);
                if (Fault(next, out var added) is not null || text.Length + added!.Length > LineReader.Longest)
                {
                    why = Skipped.Broken("a quotation mark is not closed");
                    break;
                }

                text = $"{text}\n{added}";
            }

            if (why is null)
            {
                yield return new(first.Number, cells);
                continue;
            }

            again = new Queue<TextLine>(more.Concat(again));
            yield return new(first.Number, null, why);
        }

        bool TryNext(out TextLine line) => again.TryDequeue(out line) || Take(out line);

        bool Take(out TextLine line)
        {
            var has = lines.MoveNext();
            line = has ? lines.Current : default;
            return has;
        }
    }

    /// <summary>Quoted where it must be.</summary>
    public static string Write(IEnumerable<string?> cells) => string.Join(',', cells.Select(cell => Quoted(Guarded(cell ?? ""))));

    /// <summary>
    /// A spreadsheet takes a cell that begins like this for a formula, and a formula in a name would be a stranger's. An apostrophe in front tells it
    /// otherwise; one that stands there by itself gets another, so that reading can take exactly one away.
    /// </summary>
    private static string Guarded(string cell) => LooksLikeFormula(cell) ? "'" + cell : cell;

    public static string Unguarded(string cell) => cell is ['\'', .. var rest] && LooksLikeFormula(rest) ? rest : cell;

    private static bool LooksLikeFormula(string cell) => cell.AsSpan().TrimStart('\'') is ['=' or '+' or '-' or '@' or '\t' or '\r', ..];

    private static string Quoted(string cell) =>
        cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;

    private static Skipped? Fault(TextLine line, out string? text)
    {
        text = line.IsTooLong ? null : LineReader.Decode(line.Bytes);
        return text is not null ? null : line.IsTooLong ? Skipped.TooLong($"a line has at most {LineReader.Longest} bytes") : Skipped.Broken("the line is not UTF-8 text");
    }

    private enum Ending
    {
        Whole,
        QuoteOpen,
        Malformed,
    }

    private static Ending Parse(string text, List<string> cells)
    {
        cells.Clear();
        var cell = new StringBuilder();
        for (var at = 0; ;)
        {
            if (at < text.Length && text[at] == '"')
            {
                for (at++; ; at++)
                {
                    if (at == text.Length)
                    {
                        return Ending.QuoteOpen;
                    }

                    if (text[at] != '"')
                    {
                        cell.Append(text[at]);
                    }
                    else if (at + 1 < text.Length && text[at + 1] == '"')
                    {
                        cell.Append('"');
                        at++;
                    }
                    else
                    {
                        at++;
                        break;
                    }
                }

                if (at < text.Length && text[at] != ',')
                {
                    return Ending.Malformed;
                }
            }
            else
            {
                for (; at < text.Length && text[at] != ','; at++)
                {
                    if (text[at] == '"')
                    {
                        return Ending.Malformed;
                    }

                    cell.Append(text[at]);
                }
            }

            cells.Add(cell.ToString());
            cell.Clear();
            if (at == text.Length)
            {
                return Ending.Whole;
            }

            at++; // behind the comma
        }
    }
}
