using System.Runtime.CompilerServices;

namespace Cardea.Features.Transfers;

/// <summary>A table whose first line names the columns, in the words of <see cref="AccountLine"/>.</summary>
internal sealed class CsvSource(string path, bool ignoreUnknown) : IAccountSource
{
    public string System => "file";

    public bool KeepsIds => true;

    public Task CheckAsync(CancellationToken cancellation)
    {
        Columns();
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var columns = Columns();
        foreach (var record in CsvRecords.Read(LineReader.Read(path)).Skip(1))
        {
            cancellation.ThrowIfCancellationRequested();
            var (line, fault) = record.Cells is null ? (null, record.Fault) : AccountLine.Of(columns, record.Cells);
            yield return new(record.Line, line?.ToSource(), fault);
        }

        await Task.CompletedTask;
    }

    private List<string> Columns()
    {
        var first = CsvRecords.Read(LineReader.Read(path)).FirstOrDefault();
        if (first?.Cells is null)
        {
            throw new InvalidDataException($"{path} is not CSV: {(first is null ? "it is empty" : $"{first.Fault!.Detail} in line {first.Line}")}.");
        }

        List<string> columns = [.. first.Cells.Select(cell => cell.Trim().ToLowerInvariant())];
        if (!columns.Contains("email"))
        {
            throw new InvalidDataException($"{path} is not a table of accounts: its first line has no column \"email\" between commas.");
        }

        if (columns.GroupBy(column => column).FirstOrDefault(group => group.Count() > 1) is { } doubled)
        {
            throw new InvalidDataException($"{path} has two columns \"{doubled.Key}\".");
        }

        return !ignoreUnknown && columns.Find(column => !AccountLine.Known.Contains(column)) is { } unknown
            ? throw new InvalidDataException($"{path} has a column \"{unknown}\" that is not known. There are: {string.Join(", ", AccountLine.Known)}. --ignore-unknown passes over others.")
            : columns;
    }
}
