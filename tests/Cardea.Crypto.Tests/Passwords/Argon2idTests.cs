using System.Text;
using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public class Argon2idTests
{
    public static TheoryData<string> Kernels => Argon2Machine.Kernels;

    [Fact]
    public void The_portable_kernels_run_everywhere()
    {
        Assert.True(Argon2id.IsSupported(Argon2Kernel.Scalar));
        Assert.Contains(Argon2id.FastestKernel, Argon2Machine.RunnableKernels);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_gives_the_three_tags_of_rfc_9106(string kernel)
    {
        var vectors = Argon2Vectors.Load();
        foreach (var (name, expected) in vectors.Tags)
        {
            var input = new Argon2Input
            {
                Variant = name switch
                {
                    "argon2d" => Argon2Variant.D,
                    "argon2i" => Argon2Variant.I,
                    _ => Argon2Variant.Id,
                },
                Parameters = new Argon2Parameters(vectors.Params.MKib, vectors.Params.T, vectors.Params.P),
                Password = Convert.FromHexString(vectors.Params.PasswordHex),
                Salt = Convert.FromHexString(vectors.Params.SaltHex),
                Secret = Convert.FromHexString(vectors.Params.SecretHex),
                AssociatedData = Convert.FromHexString(vectors.Params.AdHex),
            };

            var tag = Argon2Machine.Derive(input, 32, Enum.Parse<Argon2Kernel>(kernel));

            Assert.Equal(expected, Convert.ToHexStringLower(tag));
        }

        Assert.Equal(3, vectors.Tags.Count);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_agrees_with_strings_of_another_implementation(string kernel)
    {
        foreach (var vector in Argon2Vectors.Load().PhcStrings.Where(vector => vector.Expect == "valid"))
        {
            Assert.True(Argon2Phc.TryParse(vector.Encoded, out var hash), vector.Encoded);
            var input = new Argon2Input
            {
                Variant = Argon2Variant.Id,
                Parameters = hash.Parameters,
                Password = Encoding.UTF8.GetBytes(vector.Password),
                Salt = hash.Salt,
            };

            Assert.Equal(hash.Tag.ToArray(), Argon2Machine.Derive(input, hash.Tag.Length, Enum.Parse<Argon2Kernel>(kernel)));
        }
    }

    [Fact]
    public void All_kernels_agree_on_awkward_sizes()
    {
        // Memory that four slices do not divide, several lanes, more than 128 blocks in a segment, tags around the 64-byte step of H'.
        foreach (var (memoryKiB, iterations, lanes, tagBytes) in new[]
            { (8, 1, 1, 4), (35, 2, 4, 63), (99, 3, 3, 64), (600, 1, 1, 65), (1031, 2, 2, 96), (2100, 3, 1, 97), (128, 2, 16, 200) })
        {
            var input = new Argon2Input
            {
                Variant = Argon2Variant.Id,
                Parameters = new Argon2Parameters(memoryKiB, iterations, lanes),
                Password = "a password"u8,
                Salt = "saltsalt"u8,
            };
            var expected = Argon2Machine.Derive(input, tagBytes, Argon2Kernel.Scalar);
            foreach (var kernel in Argon2Machine.RunnableKernels)
            {
                Assert.Equal(expected, Argon2Machine.Derive(input, tagBytes, kernel));
            }
        }
    }

    [Fact]
    public void Every_order_of_words_is_a_permutation_that_keeps_word_0_first()
    {
        foreach (var places in new[]
            { Argon2Avx512Kernel.Places.ToArray(), Argon2Avx2Kernel.Places.ToArray(), Argon2Vector128Kernel.Places.ToArray(), Argon2ScalarKernel.Places.ToArray() })
        {
            Assert.Equal(0, places[0]);
            Assert.Equal(Enumerable.Range(0, 128).Select(place => (byte)place), places.Order());
        }
    }

    [Fact]
    public void Costs_and_lengths_out_of_bounds_are_refused()
    {
        using var arena = new Argon2Arena();
        var good = new Argon2Parameters(64, 1, 1);
        Assert.Throws<ArgumentException>(() => Argon2id.Derive(default, "p"u8, "saltsalt"u8, new byte[32], arena));
        Assert.Throws<ArgumentException>(() => Argon2id.Derive(new(15, 1, 2), "p"u8, "saltsalt"u8, new byte[32], arena));
        Assert.Throws<ArgumentOutOfRangeException>(() => Argon2id.Derive(good, "p"u8, "saltsal"u8, new byte[32], arena));
        Assert.Throws<ArgumentOutOfRangeException>(() => Argon2id.Derive(good, "p"u8, "saltsalt"u8, new byte[3], arena));
        Assert.Equal(0, arena.CapacityBytes);
    }

    [Theory]
    [InlineData(19_456, 2, 1, true)]
    [InlineData(8, 1, 1, true)]
    [InlineData(1_048_576, 4, 16, true)]
    [InlineData(7, 1, 1, false)]
    [InlineData(127, 1, 16, false)]
    [InlineData(136, 1, 17, false)]
    [InlineData(1_048_577, 1, 1, false)]
    [InlineData(1_048_576, 5, 1, false)]
    [InlineData(64, 101, 1, false)]
    [InlineData(64, 0, 1, false)]
    [InlineData(64, 1, 0, false)]
    [InlineData(-8, 1, -1, false)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue, false)]
    public void Bounds_of_cost(int memoryKiB, int iterations, int parallelism, bool within)
    {
        Assert.Equal(within, new Argon2Parameters(memoryKiB, iterations, parallelism).IsWithinBounds);
    }
}
