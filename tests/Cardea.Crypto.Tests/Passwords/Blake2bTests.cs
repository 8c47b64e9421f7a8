using System.Text;
using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public class Blake2bTests
{
    // RFC 7693, appendix A, and the digest of nothing.
    [Theory]
    [InlineData("abc", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")]
    [InlineData("", "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce")]
    public void Known_digests(string text, string expected)
    {
        Assert.Equal(expected, Convert.ToHexStringLower(Digest(Encoding.ASCII.GetBytes(text), 64)));
    }

    [Fact]
    public void Pieces_of_any_length_give_the_digest_of_the_whole()
    {
        var message = Enumerable.Range(0, 700).Select(i => (byte)(i * 7)).ToArray();
        foreach (var length in new[] { 0, 1, 127, 128, 129, 255, 256, 257, 700 })
        {
            var whole = Digest(message.AsSpan(0, length), 32);
            foreach (var piece in new[] { 1, 64, 127, 128, 129 })
            {
                var blake = new Blake2b(32);
                for (var start = 0; start < length; start += piece)
                {
                    blake.Append(message.AsSpan(start, Math.Min(piece, length - start)));
                }

                var digest = new byte[32];
                blake.Finish(digest);
                Assert.Equal(whole, digest);
            }
        }
    }

    [Fact]
    public void Digests_longer_than_64_bytes_do_not_exist()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Digest([], 65));
        Assert.Throws<ArgumentOutOfRangeException>(() => Digest([], 0));
    }

    private static byte[] Digest(ReadOnlySpan<byte> message, int bytes)
    {
        var digest = new byte[bytes];
        Blake2b.Hash(message, digest);
        return digest;
    }
}
