using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Tests.Harness;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public class MasterKeyTests
{
    private const string Sample = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    [Fact]
    public void A_generated_key_survives_its_file()
    {
        var key = MasterKey.Generate();
        Assert.True(MasterKey.TryParse($" {key.ToBase64()}\r\n", out var read));
        Assert.Equal(key.Derive("test"), read.Derive("test"));
        Assert.NotEqual(key.ToBase64(), MasterKey.Generate().ToBase64());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("changeme")]
    [InlineData("AAECAwQFBgcICQoLDA0ODw==")] // 16 bytes
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==")] // 31 bytes
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g")] // 33 bytes
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")] // no padding
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=")] // unused bits set
    [InlineData("AAECAwQFBgcICQoLDA0ODxAR EhMUFRYXGBkaGxwdHh8=")]
    [InlineData("__________________________________________8=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")] // 32 times 'A'
    public void SR_02_A_missing_short_or_placeholder_key_is_refused(string? text)
    {
        Assert.False(MasterKey.TryParse(text, out var key));
        Assert.Null(key);
    }

    [Fact]
    public void Each_purpose_and_length_has_the_key_that_rfc_5869_gives()
    {
        Assert.True(MasterKey.TryParse(Sample, out var key));
        var input = Convert.FromBase64String(Sample);
        // Extract and expand by hand: a zero salt, then one block.
        var extracted = HMACSHA256.HashData(new byte[32], input);
        Assert.Equal(HMACSHA256.HashData(extracted, (byte[])[.. "cardea/v1/test"u8, 1]), key.Derive("test"));
        Assert.Equal(64, key.Derive("test", 64).Length);
        Assert.NotEqual(key.Derive("test"), key.Derive("test2"));
    }

    [Fact]
    public void A_nameless_purpose_or_a_length_out_of_range_is_a_bug()
    {
        var key = MasterKey.Generate();
        Assert.Throws<ArgumentException>(() => key.Derive(" "));
        Assert.Throws<ArgumentOutOfRangeException>(() => key.Derive("test", 15));
        Assert.Throws<ArgumentOutOfRangeException>(() => key.Derive("test", (255 * 32) + 1));
        Assert.Equal(255 * 32, key.Derive("test", 255 * 32).Length);
    }

    [VectorFact]
    public void Wycheproof_hkdf_sha256_holds_for_the_primitive()
    {
        var tested = 0;
        foreach (var (_, test) in TestVectors.WycheproofTests("hkdf_sha256_test.json"))
        {
            var size = test.GetProperty("size").GetInt32();
            byte[] Derive() => HKDF.DeriveKey(HashAlgorithmName.SHA256, test.Hex("ikm"), size, test.Hex("salt"), test.Hex("info"));
            if (test.Text("result") == "invalid")
            {
                Assert.ThrowsAny<ArgumentException>(Derive);
            }
            else
            {
                Assert.Equal(test.Hex("okm"), Derive());
            }

            tested++;
        }

        Assert.Equal(86, tested);
    }
}
