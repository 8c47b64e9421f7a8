using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Cardea.Features.Backups;

/// <summary>Rows as lines of text and back, with the hash of what went by.</summary>
internal sealed class BackupRows : IDisposable
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Count { get; private set; }

    public string Sha256 => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public async Task WriteAsync(Stream stream, IAsyncEnumerable<object?[]> rows, Action<long>? progress)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var json = new Utf8JsonWriter(buffer);
        await foreach (var row in rows)
        {
            buffer.ResetWrittenCount();
            json.Reset();
            Write(json, row);
            await json.FlushAsync();
            buffer.Write(LineEnd);
            _hash.AppendData(buffer.WrittenSpan);
            await stream.WriteAsync(buffer.WrittenMemory);
            if (++Count % 1000 == 0)
            {
                progress?.Invoke(Count);
            }
        }
    }

    /// <exception cref="InvalidDataException">A line is not a row of the table.</exception>
    public IEnumerable<object?[]> Read(Stream stream, int columns, Action<long>? progress)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        while (reader.ReadLine() is { } line)
        {
            var bytes = Encoding.UTF8.GetBytes(line);
            _hash.AppendData(bytes);
            _hash.AppendData(LineEnd);
            yield return Parse(bytes, columns);
            if (++Count % 1000 == 0)
            {
                progress?.Invoke(Count);
            }
        }
    }

    public void Dispose() => _hash.Dispose();

    private static void Write(Utf8JsonWriter json, object?[] row)
    {
        json.WriteStartArray();
        foreach (var value in row)
        {
            switch (value)
            {
                case null:
                    json.WriteNullValue();
                    break;
                case long number:
                    json.WriteNumberValue(number);
                    break;
                case string text:
                    json.WriteStringValue(text);
                    break;
                case byte[] bytes:
                    json.WriteStartObject();
                    json.WriteBase64String("b", bytes);
                    json.WriteEndObject();
                    break;
                default:
                    throw new InvalidOperationException($"A column holds {value.GetType().Name}, which a backup has no form for.");
            }
        }

        json.WriteEndArray();
    }

    private static object?[] Parse(byte[] line, int columns)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            object?[] row = [.. document.RootElement.EnumerateArray().Select(object? (value) => value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.Number => value.GetInt64(),
                JsonValueKind.String => value.GetString(),
                _ => value.GetProperty("b").GetBytesFromBase64(),
            })];
            return row.Length == columns ? row : throw new InvalidDataException("A row of the backup has another number of columns.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException("A line of the backup is not a row.", fault);
        }
    }
}
