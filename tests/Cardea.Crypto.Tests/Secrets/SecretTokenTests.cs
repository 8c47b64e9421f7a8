using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public class SecretTokenTests
{
    [Fact]
    public void A_new_token_reads_back_and_hashes_the_same()
    {
        var token = SecretToken.New();
        Assert.Equal(SecretToken.Length, token.Reveal().Length);
        Assert.True(SecretToken.TryParse(token.Reveal(), out var read));
        Assert.Equal(token.Hash, read.Hash);
        Assert.Equal(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token.Reveal())), token.Hash.ToArray());
        Assert.NotEqual(token.Hash, SecretToken.New().Hash);
    }

    [Fact]
    public void JW_10_A_truncated_padded_or_respelled_token_is_no_token_or_another_one()
    {
        for (var round = 0; round < 200; round++)
        {
            var token = SecretToken.New();
            var text = token.Reveal();
            for (var dropped = 1; dropped <= text.Length; dropped++)
            {
                Assert.False(SecretToken.TryParse(text[..^dropped], out _));
            }

            foreach (var spelling in (string[])[text + "=", " " + text, text + "\n", text + "A", text[..^1] + "=", string.Concat(text.AsSpan(1), "\0")])
            {
                Assert.False(SecretToken.TryParse(spelling, out _), spelling);
            }

            // The last character carries four bits: of its 64 values 16 are canonical, and one is this token.
            var last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                .Where(c => SecretToken.TryParse(text[..^1] + c, out _)).ToList();
            Assert.Equal(16, last.Count);
            Assert.Single(last, c => SecretToken.TryParse(text[..^1] + c, out var other) && other.Hash == token.Hash);
        }

        Assert.False(SecretToken.TryParse(null, out _));
    }

    [Fact]
    public void Reading_never_throws() =>
        Prop.ForAll<string>(text => !SecretToken.TryParse(text, out var token) || token.Reveal() == text).QuickCheckThrowOnFailure();

    [Fact]
    public void A_hash_is_stored_and_read_back()
    {
        var hash = TokenHash.Of("token");
        Assert.True(TokenHash.TryRead(hash.ToArray(), out var read));
        Assert.Equal(hash, read);
        Assert.Equal(hash, TokenHash.Of("token"u8));
        Assert.Equal(SHA256.HashData("token"u8), hash.ToArray());
        Assert.False(TokenHash.TryRead(new byte[31], out _));
        Assert.False(TokenHash.TryRead(new byte[33], out _));
        Assert.Equal(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(new string('é', 5_000))), TokenHash.Of(new string('é', 5_000)).ToArray());
    }

    [Fact]
    public void Hashes_that_differ_in_one_bit_are_not_equal()
    {
        var hash = TokenHash.Of("token");
        for (var bit = 0; bit < 256; bit++)
        {
            var bytes = hash.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(TokenHash.TryRead(bytes, out var other));
            Assert.True(hash != other);
            Assert.False(hash.Equals((object)other));
        }
    }
}
