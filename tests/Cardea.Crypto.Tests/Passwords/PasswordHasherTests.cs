using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public sealed partial class PasswordHasherTests : IDisposable
{
    private static readonly Argon2Parameters Cheap = new(64, 1, 1);

    private readonly Argon2Arena _arena = new();
    private readonly PasswordHasher _hasher = new(Cheap);

    public void Dispose() => _arena.Dispose();

    [Fact]
    public void A_password_verifies_against_its_hash_and_no_other_does()
    {
        var stored = _hasher.Hash("quiet lantern"u8, _arena);
        Assert.Equal(PasswordVerdict.Success, _hasher.Verify("quiet lantern"u8, stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("quiet lanterN"u8, stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("quiet lantern "u8, stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify(""u8, stored, _arena));
    }

    [Fact]
    public void The_stored_form_has_a_16_byte_salt_a_32_byte_tag_and_the_current_cost()
    {
        var stored = new PasswordHasher(Argon2Parameters.Minimum).Hash("quiet lantern"u8, _arena);
        Assert.Matches(CurrentForm(), stored);
        Assert.Matches(CurrentForm(), new PasswordHasher(Argon2Parameters.Minimum).DummyHash);
    }

    [Fact]
    public void Equal_passwords_have_different_hashes()
    {
        Assert.NotEqual(_hasher.Hash("quiet lantern"u8, _arena), _hasher.Hash("quiet lantern"u8, _arena));
    }

    [Fact]
    public void Nothing_of_a_long_password_is_cut_off()
    {
        var password = Encoding.ASCII.GetBytes(new string('x', 5_000));
        var stored = _hasher.Hash(password, _arena);
        Assert.Equal(PasswordVerdict.Success, _hasher.Verify(password, stored, _arena));
        foreach (var length in new[] { 72, 255, 4_999 })
        {
            Assert.Equal(PasswordVerdict.Failed, _hasher.Verify(password.AsSpan(0, length), stored, _arena));
        }
    }

    [Theory]
    [InlineData(128, 1, 1)]
    [InlineData(64, 2, 1)]
    [InlineData(64, 1, 2)]
    public void Another_cost_succeeds_and_asks_for_a_rehash(int memoryKiB, int iterations, int parallelism)
    {
        var stored = new PasswordHasher(new(memoryKiB, iterations, parallelism)).Hash("quiet lantern"u8, _arena);
        Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify("quiet lantern"u8, stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("other"u8, stored, _arena));
    }

    [Theory]
    [InlineData(8, 32)]
    [InlineData(16, 24)]
    [InlineData(32, 32)]
    public void Another_salt_or_tag_length_succeeds_and_asks_for_a_rehash(int saltBytes, int tagBytes)
    {
        var (salt, tag) = (new byte[saltBytes], new byte[tagBytes]);
        Argon2id.Derive(Cheap, "quiet lantern"u8, salt, tag, _arena);
        var stored = new Argon2Phc(Cheap, salt, tag).ToString();
        Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify("quiet lantern"u8, stored, _arena));
    }

    [Fact]
    public void All_strings_of_the_vector_file_are_judged_as_it_says()
    {
        var vectors = Argon2Vectors.Load().PhcStrings;
        Assert.Equal(18, vectors.Count);
        foreach (var vector in vectors)
        {
            var verdict = _hasher.Verify(Encoding.UTF8.GetBytes(vector.Password), vector.Encoded, _arena);
            var expected = vector.Expect == "valid" ? PasswordVerdict.SuccessRehashNeeded : PasswordVerdict.Failed;
            Assert.True(expected == verdict, $"{vector.Encoded} {vector.Why}");
        }
    }

    [Fact]
    public void Bombs_are_refused_at_once_and_without_memory()
    {
        var bombs = Argon2Vectors.Load().PhcStrings
            .Where(vector => vector.Why?.Contains("bomb", StringComparison.Ordinal) == true)
            .Select(vector => vector.Encoded)
            .Append("$argon2id$v=19$m=1048576,t=100,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("$argon2id$v=19$m=2147483648,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("$argon2id$v=19$m=99999999999999999999999,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
            .Append("$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
            .Append("$scrypt$ln=20,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("$scrypt$ln=18,r=8,p=64$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("$scrypt$ln=63,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
            .Append("pbkdf2_sha256$5000001$salt$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=")
            .ToList();
        Assert.Equal(12, bombs.Count);
        bombs.ForEach(bomb => _hasher.Verify("password"u8, bomb, _arena)); // the first call also compiles

        foreach (var bomb in bombs)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            var verdict = _hasher.Verify("password"u8, bomb, _arena);
            var elapsed = Stopwatch.GetElapsedTime(start);

            Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());
            Assert.Equal(PasswordVerdict.Failed, verdict);
            Assert.True(elapsed < TimeSpan.FromMilliseconds(10), $"{bomb}: {elapsed}");
        }

        Assert.Equal(0, _arena.CapacityBytes);
    }

    [Fact]
    public void The_dummy_matches_no_password_and_costs_as_much_as_a_real_one()
    {
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("password"u8, _hasher.DummyHash, _arena));
        Assert.True(_arena.CapacityBytes > 0, "no work was done");
        Assert.True(Argon2Phc.TryParse(_hasher.DummyHash, out var dummy));
        Assert.Equal(Cheap, dummy.Parameters);
        Assert.NotEqual(_hasher.DummyHash, new PasswordHasher(Cheap).DummyHash);
    }

    [Fact]
    public unsafe void No_trace_of_the_work_stays_in_the_arena()
    {
        const int bytes = 64 * 1024;
        _hasher.Verify("quiet lantern"u8, _hasher.Hash("quiet lantern"u8, _arena), _arena);
        Assert.Equal(-1, new Span<byte>(_arena.Take(bytes), bytes).IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$")]
    [InlineData("plain text")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ")]
    [InlineData("$2b$")]
    [InlineData("$2b$ab$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe!")]
    [InlineData("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("$scrypt$ln=4,r=8,p=1$$")]
    [InlineData("$scrypt$ln=0,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("pbkdf2_sha256$1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=")]
    [InlineData("pbkdf2_sha256$0$salt$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=")]
    [InlineData("pbkdf2_sha256$1$sält$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=")]
    [InlineData("A")]
    [InlineData("AAAA")]
    [InlineData("AQAAAAEAACcQAAAAEA==")]
    [InlineData("AQAAAAEAACcQ/////wAA")]
    public void Damaged_text_is_a_failure_and_no_error(string stored)
    {
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("password"u8, stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("password"u8, null!, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("password"u8, stored + new string('A', 600), _arena));
    }

    [Fact]
    public void A_cost_that_cannot_run_is_refused_when_the_hasher_is_made()
    {
        Assert.Throws<ArgumentException>(() => new PasswordHasher(new(4, 1, 1)));
    }

    [GeneratedRegex(@"^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$")]
    private static partial Regex CurrentForm();
}
