using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

public enum ImportOutcome
{
    Imported,
    AlreadyThere,
    Skipped,
}

/// <summary>What became of a row.</summary>
/// <param name="Row">The line, or the how manieth account.</param>
/// <param name="Id">At the source.</param>
/// <param name="AccountId">Here, where there is one.</param>
public sealed record RowVerdict(long Row, string? Id, ImportOutcome Outcome, string? AccountId = null, string? Reason = null, string? Detail = null);

/// <summary>Counts what becomes of rows and, where a file is wanted, writes a line of JSON for each.</summary>
public sealed class ImportReport : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(CardeaJson.Writing) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly StreamWriter? _file;
    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);

    /// <param name="path">Null for counts only. A report that is there already is replaced: it is of an earlier run.</param>
    public ImportReport(string? path)
    {
        if (path is null)
        {
            return;
        }

        var stream = PrivateFile.Make(path, FileMode.Create);
        _file = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
    }

    public long Imported { get; private set; }

    public long AlreadyThere { get; private set; }

    public long Skipped => _reasons.Values.Sum();

    public long Rows => Imported + AlreadyThere + Skipped;

    public IReadOnlyDictionary<string, long> Reasons => _reasons;

    public async Task AddAsync(IEnumerable<RowVerdict> verdicts)
    {
        foreach (var verdict in verdicts)
        {
            switch (verdict.Outcome)
            {
                case ImportOutcome.Imported:
                    Imported++;
                    break;
                case ImportOutcome.AlreadyThere:
                    AlreadyThere++;
                    break;
                default:
                    _reasons[verdict.Reason!] = _reasons.GetValueOrDefault(verdict.Reason!) + 1;
                    break;
            }

            if (_file is not null)
            {
                await _file.WriteLineAsync(JsonSerializer.Serialize(verdict, Json));
            }
        }

        if (_file is not null)
        {
            await _file.FlushAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
        {
            await _file.DisposeAsync();
        }
    }
}
