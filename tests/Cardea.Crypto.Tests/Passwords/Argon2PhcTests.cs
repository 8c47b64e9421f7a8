using Cardea.Crypto.Passwords;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public class Argon2PhcTests
{
    private const string Tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    private const string Good = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag;

    [Fact]
    public void A_good_string_parses_into_its_parts()
    {
        Assert.True(Argon2Phc.TryParse(Good, out var hash));
        Assert.Equal(new Argon2Parameters(64, 1, 1), hash.Parameters);
        Assert.Equal("somesalt"u8, hash.Salt);
        Assert.Equal(32, hash.Tag.Length);
        Assert.Equal(Good, hash.ToString());
    }

    [Theory]
    [InlineData("another type", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("another type", "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("another version", "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("no version", "$argon2id$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("another order", "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("a leading zero", "$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("a sign", "$argon2id$v=19$m=+64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("a space", "$argon2id$v=19$m=64, t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("digits of another script", "$argon2id$v=19$m=٦٤,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("a key id", "$argon2id$v=19$m=64,t=1,p=1,keyid=AA$c29tZXNhbHQ$" + Tag)]
    [InlineData("padding", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ=$" + Tag)]
    [InlineData("padding", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag + "=")]
    [InlineData("stray last bits", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHR$" + Tag)]
    [InlineData("base64url", "$argon2id$v=19$m=64,t=1,p=1$c29tZXN-bHQ$" + Tag)]
    [InlineData("a space in base64", "$argon2id$v=19$m=64,t=1,p=1$c29tZXN hbHQ$" + Tag)]
    [InlineData("a short salt", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbA$" + Tag)]
    [InlineData("a short tag", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm")]
    [InlineData("no tag", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ")]
    [InlineData("one part too many", Good + "$AA")]
    [InlineData("a line end", Good + "\n")]
    [InlineData("another case", "$Argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + Tag)]
    [InlineData("nothing", "")]
    [InlineData("null", null)]
    public void Every_other_spelling_is_refused(string what, string? text)
    {
        Assert.False(Argon2Phc.TryParse(text, out _), what);
    }

    [Fact]
    public void The_largest_values_fit()
    {
        var largest = new Argon2Phc(new(Argon2Parameters.MaxMemoryKiB, 4, Argon2Parameters.MaxParallelism), new byte[64], new byte[64]).ToString();
        Assert.True(Argon2Phc.TryParse(largest, out _));
    }

    [Fact]
    public void What_is_written_parses_into_the_same_hash()
    {
        var hashes =
            from lanes in Gen.Choose(1, Argon2Parameters.MaxParallelism)
            from memoryKiB in Gen.Choose(8 * lanes, 100_000)
            from iterations in Gen.Choose(1, 40)
            from salt in Bytes(8, 64)
            from tag in Bytes(16, 64)
            select new Argon2Phc(new(memoryKiB, iterations, lanes), salt, tag);

        Prop.ForAll(hashes.ToArbitrary(), hash =>
            Argon2Phc.TryParse(hash.ToString(), out var read)
            && read.Parameters == hash.Parameters && read.Salt.SequenceEqual(hash.Salt) && read.Tag.SequenceEqual(hash.Tag))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whatever_parses_is_written_as_the_same_text()
    {
        Prop.ForAll(Mutations([Good]).ToArbitrary(), text => !Argon2Phc.TryParse(text, out var hash) || hash.ToString() == text)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    [Fact]
    public void No_mutation_of_any_form_makes_verification_throw()
    {
        using var arena = new Argon2Arena();
        var hasher = new PasswordHasher(new(8, 1, 1));
        string[] forms =
        [
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + Tag,
            "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$scrypt$ln=1,r=1,p=1$c29tZXNhbHQ$" + Tag,
            "pbkdf2_sha256$1$salt$" + Tag + "=",
            Convert.ToBase64String(new byte[49]),
            "AQAAAAEAAAABAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ];

        // A changed letter of a base64 blob can ask for millions of iterations, which is allowed and slow; that is not the question here.
        Prop.ForAll(Mutations(forms).Where(IsCheap).ToArbitrary(), text => hasher.Verify("password"u8, text, arena) != PasswordVerdict.Success)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    private static bool IsCheap(string text) =>
        !text.StartsWith('A') || (text.Length >= 12 && text[..12].EndsWith("AAAB", StringComparison.Ordinal));

    private static Gen<byte[]> Bytes(int least, int most) =>
        from length in Gen.Choose(least, most)
        from values in Gen.ArrayOf(Gen.Choose(0, 255), length)
        select values.Select(value => (byte)value).ToArray();

    /// <summary>One to three edits: a character replaced, removed, inserted, or the end cut off.</summary>
    private static Gen<string> Mutations(string[] seeds)
    {
        var characters = Gen.Elements("$=,.+/-_ 0123456789mtpvrlnAQZaz\0\n\u0664\ud83d".ToCharArray());
        var edits =
            from kind in Gen.Choose(0, 3)
            from place in Gen.Choose(0, 120)
            from character in characters
            select new Func<string, string>(text => Edit(text, kind, text.Length == 0 ? 0 : place % text.Length, character));
        return
            from seed in Gen.Elements(seeds)
            from count in Gen.Choose(1, 3)
            from list in Gen.ArrayOf(edits, count)
            select list.Aggregate(seed, (text, edit) => edit(text));
    }

    private static string Edit(string text, int kind, int place, char character) => kind switch
    {
        0 when text.Length > 0 => text.Remove(place, 1).Insert(place, character.ToString()),
        1 when text.Length > 0 => text.Remove(place, 1),
        2 => text.Insert(place, character.ToString()),
        _ => text[..place],
    };
}
