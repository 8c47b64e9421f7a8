using System.Text;

namespace Cardea.Features.Transfers;

/// <summary>A line of a text file.</summary>
/// <param name="Bytes">Without the line's end; empty when it is too long.</param>
internal readonly record struct TextLine(long Number, ReadOnlyMemory<byte> Bytes, bool IsTooLong);

/// <summary>Lines of a file, each of a length that is bounded: what is longer is passed over, and never held.</summary>
internal static class LineReader
{
    public const int Longest = 64 * 1024;

    private static readonly byte[] Utf8Mark = [0xEF, 0xBB, 0xBF];

    /// <exception cref="InvalidDataException">The file is UTF-16.</exception>
    public static IEnumerable<TextLine> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
        var buffer = new byte[2 * Longest];
        var (start, end, number, isTooLong, isFirst) = (0, 0, 1L, false, true);
        while (true)
        {
            var read = file.Read(buffer, end, buffer.Length - end);
            end += read;
            if (isFirst)
            {
                if (buffer.AsSpan(0, end) is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                {
                    throw new InvalidDataException("The file is UTF-16. Save it as UTF-8.");
                }

                (start, isFirst) = (buffer.AsSpan(0, end).StartsWith(Utf8Mark) ? Utf8Mark.Length : 0, false);
            }

            while (Array.IndexOf(buffer, (byte)'\n', start, end - start) is >= 0 and var at)
            {
                yield return Line(start, at);
                (start, number, isTooLong) = (at + 1, number + 1, false);
            }

            if (read == 0)
            {
                if (end > start || isTooLong)
                {
                    yield return Line(start, end);
                }

                yield break;
            }

            isTooLong |= end - start > Longest;
            if (isTooLong)
            {
                start = end; // the rest of it is of no use
            }

            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }

        TextLine Line(int from, int to)
        {
            to = to > from && buffer[to - 1] == '\r' ? to - 1 : to;
            return isTooLong || to - from > Longest ? new(number, default, true) : new(number, buffer.AsMemory(from, to - from).ToArray(), false);
        }
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null where the bytes are not UTF-8, or hold a NUL, which no database takes.</summary>
    public static string? Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return bytes.Span.Contains((byte)0) ? null : Strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
