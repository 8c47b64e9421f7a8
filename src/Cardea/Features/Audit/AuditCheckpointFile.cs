using System.Globalization;
using System.Text.Json;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;

namespace Cardea.Features.Audit;

/// <summary>
/// The newest checkpoint, in the data directory: a line of JSON. It covers all before it. Only a checkpoint that the chain holds no more stays
/// beside it, as evidence.
/// </summary>
public sealed class AuditCheckpointFile(ServerOptions server)
{
    public const string Name = "audit-checkpoints.jsonl";

    public string Path { get; } = System.IO.Path.Combine(server.DataDirectory, Name);

    /// <exception cref="InvalidDataException">A line is not a checkpoint.</exception>
    public IReadOnlyList<AuditCheckpoint> Read()
    {
        try
        {
            return !File.Exists(Path) ? [] : [.. File.ReadAllLines(Path).Where(line => line.Length > 0)
                .Select(line => JsonSerializer.Deserialize<AuditCheckpoint>(line, CardeaJson.Writing) ?? throw new JsonException("It is null."))];
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"{Path} has a line that is not a checkpoint.");
        }
    }

    /// <summary>Whole or not at all: a process that dies here leaves the file as it was.</summary>
    public void Write(IEnumerable<AuditCheckpoint> checkpoints)
    {
        var half = $"{Path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(new FileStream(half, options)))
        {
            foreach (var checkpoint in checkpoints)
            {
                writer.WriteLine(JsonSerializer.Serialize(checkpoint, CardeaJson.Writing));
            }
        }

        File.Move(half, Path, overwrite: true);
    }

    /// <summary>For a database that was put back to an earlier state on purpose: the checkpoints stay, and no longer speak of this one.</summary>
    /// <returns>Where they are now; null when there were none.</returns>
    public string? SetAside(DateTimeOffset now)
    {
        if (!File.Exists(Path))
        {
            return null;
        }

        var aside = string.Create(CultureInfo.InvariantCulture, $"{Path}.before-restore-{now:yyyyMMddHHmmss}");
        File.Move(Path, aside);
        return aside;
    }
}
