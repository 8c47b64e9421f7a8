using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Cardea.Tests.Harness;

/// <summary>
/// Inputs that are almost right, each made from a number of its own: a failure names it, and <c>CARDEA_TEST_SEED</c> begins with it. <c>CARDEA_TEST_MESSAGES=100000</c>
/// tries so many of each kind; without it a few thousand.
/// </summary>
public static class Fuzz
{
    private static readonly string[] Strange =
    [
        "\0", "\u0001", "\t", "\r\n", " ", "\u00a0", "\u202e", "\u200b", "\u212a", "\u0130", "\ud800", "\udc00", "\ud83d\ude00", "e\u0301", "\uffff", "\ufeff", "/", "\\", "//", "..", "%00", "%2e", "%2F", "%", "@", "@@",
        "\"", "'", ";", ",", "=", ":", "-", "--", ".", "$", "{", "}", "[", "]", "<", ">", "null", "true", "-1", "1e999", "99999999999999999999", "0x7f", "NaN", "{\"a\":1}", "[[[[[[[[[[[[[[[[[[[[", "\\ud800", "\\u0000", "AAAA", "xn--", "xn--a",
    ];

    public static int Count { get; } = Number("CARDEA_TEST_MESSAGES", 4000);

    private static readonly int First = Number("CARDEA_TEST_SEED", 20260101);

    /// <param name="samples">What is right.</param>
    /// <param name="read">Reads it and checks what must be so of whatever is taken; any exception but an assertion's is the failure looked for.</param>
    public static void Run(string what, IReadOnlyList<string> samples, Action<string> read, int? count = null)
    {
        for (var number = 0; number < (count ?? Count); number++)
        {
            var seed = First + number;
            var text = Mutate(samples, seed);
            try
            {
                read(text);
            }
            catch (Exception fault)
            {
                Assert.Fail($"{what}, CARDEA_TEST_SEED={seed}: {Shown(text)}\n{fault}");
            }
        }

        foreach (var sample in samples)
        {
            TakesNoLongerThanItIsLong(what, sample, read);
        }
    }

    /// <summary>The seed gives the same text in every process.</summary>
    public static string Mutate(IReadOnlyList<string> samples, int seed)
    {
        var random = new Random(seed);
        var text = samples[random.Next(samples.Count)];
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var (at, to) = (random.Next(text.Length + 1), random.Next(text.Length + 1));
            (at, to) = (Math.Min(at, to), Math.Max(at, to));
            text = random.Next(10) switch
            {
                0 => text[..at],
                1 => text[..at] + text[to..],
                2 => text[..to] + text[at..],
                3 => text[..at] + Strange[random.Next(Strange.Length)] + text[at..],
                4 => text[..at] + Strange[random.Next(Strange.Length)] + text[to..],
                5 => text[..at] + samples[random.Next(samples.Count)] + text[to..],
                6 => text[..at] + string.Concat(Enumerable.Repeat(Strange[random.Next(Strange.Length)], random.Next(1, 200))) + text[at..],
                7 => text.Length == 0 ? "a" : text[..(at % text.Length)] + (char)random.Next(1, 0x250) + text[((at % text.Length) + 1)..],
                8 => random.Next(2) == 0 ? text.ToUpperInvariant() : text.ToLowerInvariant(),
                _ => Swap(text, random),
            };
            text = text.Length > 4096 ? text[..4096] : text;
        }

        return text;
    }

    public static string Shown(string text) => string.Concat(text.Take(400).Select(letter => letter is >= ' ' and < '\u007f' and not '\\' ? letter.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")));

    /// <summary>What grows faster than its input is a door for a flood: at sixteen times the length, well under a second.</summary>
    private static void TakesNoLongerThanItIsLong(string what, string sample, Action<string> read)
    {
        const int longest = 64 * 1024;
        foreach (var piece in new[] { sample.Length == 0 ? "b" : sample, sample.Length == 0 ? "a" : sample[..1], sample.Length == 0 ? "a" : sample[^1..], "a", ".", "a.", "\ud83d\ude00", "\"a\":1," })
        {
            for (var length = longest / 16; length <= longest; length *= 4)
            {
                var text = string.Concat(Enumerable.Repeat(piece, (length / piece.Length) + 1))[..length];
                foreach (var whole in new[] { text, sample + text, text + sample })
                {
                    var begun = Stopwatch.GetTimestamp();
                    try
                    {
                        read(whole);
                    }
                    catch (Exception fault)
                    {
                        Assert.Fail($"{what}, {length} of {Shown(piece)}: {fault}");
                    }

                    var taken = Stopwatch.GetElapsedTime(begun);
                    Assert.True(taken < TimeSpan.FromMilliseconds(500), $"{what}: {length} letters of {Shown(piece)} took {taken.TotalMilliseconds:F0} ms");
                }
            }
        }
    }

    private static string Swap(string text, Random random)
    {
        var letters = new StringBuilder(text);
        for (var times = random.Next(1, 4); times > 0 && letters.Length > 1; times--)
        {
            var (one, other) = (random.Next(letters.Length), random.Next(letters.Length));
            (letters[one], letters[other]) = (letters[other], letters[one]);
        }

        return letters.ToString();
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
