using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cardea.Crypto.Passwords;

namespace Cardea.Benchmarks;

/// <summary>
/// Time per Argon2id hash of every kernel this machine can run, beside libsodium and libargon2 when they are installed.
/// </summary>
/// <remarks>
/// The contestants take turns within each round, so that a slow moment of the machine hits all of them. A turn is a few hashes in a
/// row, as under load, all of them counted. The managed figures include clearing the memory afterwards, as in real use.
/// </remarks>
internal static unsafe partial class Argon2Bench
{
    private const int HashesPerTurn = 4;

    private static readonly byte[] Password = "correct horse battery staple"u8.ToArray();
    private static readonly byte[] Salt = "0123456789abcdef"u8.ToArray();
    private static readonly TimeSpan ThroughputWindow = TimeSpan.FromSeconds(0.5);

    private sealed record Contestant(string Name, Func<Argon2Arena, byte[]> Hash)
    {
        public List<double> Milliseconds { get; } = [];

        public double HashesPerSecond { get; set; }
    }

    public static void Run(TextWriter output)
    {
        Measure(output, new Argon2Parameters(19_456, 2, 1), rounds: 12);
        Measure(output, new Argon2Parameters(65_536, 3, 1), rounds: 4);
    }

    private static void Measure(TextWriter output, Argon2Parameters parameters, int rounds)
    {
        var contestants = Contestants(parameters);
        using var arena = new Argon2Arena();
        var expected = Convert.ToHexString(contestants[0].Hash(arena));
        foreach (var contestant in contestants)
        {
            if (Convert.ToHexString(contestant.Hash(arena)) != expected)
            {
                throw new CryptographicException($"{contestant.Name} gives another tag than {contestants[0].Name}.");
            }
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var contestant in contestants)
            {
                for (var turn = 0; turn < HashesPerTurn; turn++)
                {
                    var start = Stopwatch.GetTimestamp();
                    contestant.Hash(arena);
                    contestant.Milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }

        for (var round = 0; round < 3; round++)
        {
            foreach (var contestant in contestants)
            {
                contestant.HashesPerSecond = Math.Max(contestant.HashesPerSecond, Throughput(contestant));
            }
        }

        Print(output, parameters, contestants);
    }

    private static List<Contestant> Contestants(Argon2Parameters parameters)
    {
        var contestants = Enum.GetValues<Argon2Kernel>()
            .Where(Argon2id.IsSupported)
            .Select(kernel => new Contestant($"Cardea {kernel}", arena => HashManaged(parameters, arena, kernel)))
            .ToList();
        if (NativeLibrary.TryLoad("libsodium.so.23", out _))
        {
            // Without this libsodium stays with its portable code, and the comparison would flatter us.
            if (SodiumInit() < 0)
            {
                throw new CryptographicException("libsodium does not start.");
            }

            contestants.Add(new Contestant("libsodium", _ => HashWithLibsodium(parameters)));
        }

        if (NativeLibrary.TryLoad("libargon2.so.1", out _))
        {
            contestants.Add(new Contestant("libargon2", _ => HashWithLibargon2(parameters)));
        }

        return contestants;
    }

    private static byte[] HashManaged(Argon2Parameters parameters, Argon2Arena arena, Argon2Kernel kernel)
    {
        var tag = new byte[32];
        var input = new Argon2Input { Variant = Argon2Variant.Id, Parameters = parameters, Password = Password, Salt = Salt };
        Argon2id.Derive(input, tag, arena, kernel);
        arena.Clear();
        return tag;
    }

    private static double Throughput(Contestant contestant)
    {
        var hashes = 0;
        using var ready = new Barrier(Environment.ProcessorCount + 1);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            using var arena = new Argon2Arena();
            contestant.Hash(arena);
            ready.SignalAndWait();
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < ThroughputWindow)
            {
                contestant.Hash(arena);
                Interlocked.Increment(ref hashes);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        ready.SignalAndWait();
        var begin = Stopwatch.GetTimestamp();
        threads.ForEach(thread => thread.Join());
        return hashes / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static void Print(TextWriter output, Argon2Parameters parameters, List<Contestant> contestants)
    {
        output.WriteLine($"Argon2id m={parameters.MemoryKiB} t={parameters.Iterations} p={parameters.Parallelism}, {Environment.ProcessorCount} cores");
        output.WriteLine($"{"",-18}{"best ms",10}{"median ms",11}{"hashes/s",10}{"x libsodium",13}{"x libargon2",13}");
        foreach (var contestant in contestants)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{contestant.Name,-18}{contestant.Milliseconds.Min(),10:F2}{Median(contestant),11:F2}{contestant.HashesPerSecond,10:F0}{Ratio(contestants, "libsodium", contestant),13}{Ratio(contestants, "libargon2", contestant),13}"));
        }

        output.WriteLine();
    }

    private static double Median(Contestant contestant) => contestant.Milliseconds.Order().ElementAt(contestant.Milliseconds.Count / 2);

    // By medians: how many hashes fit into the time of one of the native library's.
    private static string Ratio(List<Contestant> contestants, string nativeName, Contestant contestant)
    {
        var native = contestants.Find(other => other.Name == nativeName);
        return native is null
            ? "-"
            : (Median(native) / Median(contestant)).ToString("F2", CultureInfo.InvariantCulture);
    }

    private static byte[] HashWithLibsodium(Argon2Parameters parameters)
    {
        var tag = new byte[32];
        fixed (byte* tagPointer = tag, password = Password, salt = Salt)
        {
            const int argon2id13 = 2;
            var memoryBytes = (nuint)parameters.MemoryKiB * 1024;
            if (CryptoPwhash(tagPointer, 32, password, (ulong)Password.Length, salt, (ulong)parameters.Iterations, memoryBytes, argon2id13) != 0)
            {
                throw new CryptographicException("libsodium refused.");
            }
        }

        return tag;
    }

    private static byte[] HashWithLibargon2(Argon2Parameters parameters)
    {
        var tag = new byte[32];
        fixed (byte* tagPointer = tag, password = Password, salt = Salt)
        {
            var result = Argon2idHashRaw(
                (uint)parameters.Iterations, (uint)parameters.MemoryKiB, (uint)parameters.Parallelism,
                password, (nuint)Password.Length, salt, (nuint)Salt.Length, tagPointer, 32);
            if (result != 0)
            {
                throw new CryptographicException($"libargon2 refused: {result}.");
            }
        }

        return tag;
    }

    [LibraryImport("libsodium.so.23", EntryPoint = "sodium_init")]
    private static partial int SodiumInit();

    [LibraryImport("libsodium.so.23", EntryPoint = "crypto_pwhash")]
    private static partial int CryptoPwhash(
        byte* output, ulong outputBytes, byte* password, ulong passwordBytes, byte* salt, ulong iterations, nuint memoryBytes, int algorithm);

    [LibraryImport("libargon2.so.1", EntryPoint = "argon2id_hash_raw")]
    private static partial int Argon2idHashRaw(
        uint iterations, uint memoryKiB, uint parallelism, byte* password, nuint passwordBytes, byte* salt, nuint saltBytes, byte* tag, nuint tagBytes);
}
