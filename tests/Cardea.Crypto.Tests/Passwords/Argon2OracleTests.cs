using System.Runtime.InteropServices;
using Cardea.Crypto.Passwords;
using Cardea.Crypto.Tests.Harness;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

/// <summary>Random inputs against two implementations that share nothing with ours. The seeds are fixed, so a failure repeats.</summary>
public sealed unsafe partial class Argon2OracleTests : IDisposable
{
    private readonly Argon2Arena _arena = new();

    public void Dispose() => _arena.Dispose();

    [NativeLibraryFact("libargon2.so.1")]
    public void Two_hundred_random_hashes_equal_those_of_libargon2()
    {
        var random = new Random(9106);
        for (var i = 0; i < 200; i++)
        {
            // libargon2 starts a thread for every lane of every slice, which is what takes the time here.
            var lanes = random.Next(3) == 0 ? random.Next(2, 6) : 1;
            var parameters = new Argon2Parameters(random.Next(8 * lanes, 800), random.Next(1, 4), lanes);
            var variant = (Argon2Variant)random.Next(3);
            var (password, salt, expected) = (Bytes(random, 0, 200), Bytes(random, 8, 40), new byte[random.Next(4, 200)]);
            Assert.Equal(0, Argon2Hash(
                (uint)parameters.Iterations, (uint)parameters.MemoryKiB, (uint)lanes,
                password, (nuint)password.Length, salt, (nuint)salt.Length, expected, (nuint)expected.Length, null, 0, (int)variant, 0x13));

            AssertAllKernels(parameters, variant, password, salt, expected);
        }
    }

    [NativeLibraryFact("libsodium.so.23")]
    public void A_hundred_random_hashes_equal_those_of_libsodium()
    {
        Assert.True(SodiumInit() >= 0);
        var random = new Random(20260);
        for (var i = 0; i < 100; i++)
        {
            var parameters = new Argon2Parameters(random.Next(8, 800), random.Next(1, 4), 1);
            var (password, salt, expected) = (Bytes(random, 0, 200), Bytes(random, 16, 17), new byte[random.Next(16, 200)]);
            const int argon2id13 = 2;
            Assert.Equal(0, CryptoPwhash(
                expected, (ulong)expected.Length, password, (ulong)password.Length, salt,
                (ulong)parameters.Iterations, (nuint)parameters.MemoryKiB * 1024, argon2id13));

            AssertAllKernels(parameters, Argon2Variant.Id, password, salt, expected);
        }
    }

    [ProgramFact("/usr/bin/python3", "-c", "import argon2")]
    public void Our_strings_are_accepted_by_python_argon2()
    {
        var hasher = new PasswordHasher(new Argon2Parameters(64, 2, 1));
        var stored = hasher.Hash("pässwörd 🔐"u8, _arena);
        const string program = """
            import argon2, sys
            stored, password = sys.stdin.read().split("\n")
            print(argon2.PasswordHasher().verify(stored, password))
            try:
                argon2.PasswordHasher().verify(stored, password + "x")
            except argon2.exceptions.VerifyMismatchError:
                print("mismatch")
            """;

        var (exitCode, output) = OtherProgram.Run("/usr/bin/python3", ["-c", program], $"{stored}\npässwörd 🔐");

        Assert.True(exitCode == 0, output);
        Assert.Equal("True\nmismatch\n", output);
    }

    [ProgramFact("argon2", "saltsalt", "-k", "8", "-t", "1", "-e")]
    public void The_argon2_program_writes_the_string_that_we_write()
    {
        var (exitCode, output) = OtherProgram.Run("argon2", ["saltsaltsaltsalt", "-id", "-e", "-t", "2", "-k", "128", "-p", "2", "-l", "32"], "a password");
        Assert.True(exitCode == 0, output);

        Assert.True(Argon2Phc.TryParse(output.Trim(), out var hash));
        Assert.Equal(new Argon2Parameters(128, 2, 2), hash.Parameters);
        var tag = new byte[32];
        Argon2id.Derive(hash.Parameters, "a password"u8, hash.Salt, tag, _arena);
        Assert.Equal(output.Trim(), new Argon2Phc(hash.Parameters, hash.Salt, tag).ToString());
    }

    private void AssertAllKernels(Argon2Parameters parameters, Argon2Variant variant, byte[] password, byte[] salt, byte[] expected)
    {
        var input = new Argon2Input { Variant = variant, Parameters = parameters, Password = password, Salt = salt };
        foreach (var kernel in Argon2Machine.RunnableKernels)
        {
            // One arena for all sizes and word orders: what an earlier hash left behind must not matter.
            var tag = new byte[expected.Length];
            Argon2id.Derive(input, tag, _arena, kernel);
            Assert.True(expected.AsSpan().SequenceEqual(tag), $"{kernel} {variant} {parameters}");
        }
    }

    private static byte[] Bytes(Random random, int least, int below)
    {
        var bytes = new byte[random.Next(least, below)];
        random.NextBytes(bytes);
        return bytes;
    }

    [LibraryImport("libargon2.so.1", EntryPoint = "argon2_hash")]
    private static partial int Argon2Hash(
        uint iterations, uint memoryKiB, uint parallelism, byte[] password, nuint passwordBytes, byte[] salt, nuint saltBytes,
        byte[] tag, nuint tagBytes, byte* encoded, nuint encodedBytes, int type, uint version);

    [LibraryImport("libsodium.so.23", EntryPoint = "sodium_init")]
    private static partial int SodiumInit();

    [LibraryImport("libsodium.so.23", EntryPoint = "crypto_pwhash")]
    private static partial int CryptoPwhash(
        byte[] output, ulong outputBytes, byte[] password, ulong passwordBytes, byte[] salt, ulong iterations, nuint memoryBytes, int algorithm);
}
