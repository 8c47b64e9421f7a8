using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Tests.Harness;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public class NumericCodeTests
{
    [Fact]
    public void Every_digit_is_as_likely_as_any_other_in_every_place()
    {
        const int Codes = 60_000;
        var counts = new int[NumericCode.Length, 10];
        for (var i = 0; i < Codes; i++)
        {
            var digits = NumericCode.New().Reveal();
            Assert.Equal(NumericCode.Length, digits.Length);
            for (var place = 0; place < digits.Length; place++)
            {
                counts[place, digits[place] - '0']++;
            }
        }

        for (var place = 0; place < NumericCode.Length; place++)
        {
            var squared = Enumerable.Range(0, 10).Sum(digit => Math.Pow(counts[place, digit] - (Codes / 10.0), 2) / (Codes / 10.0));
            // Chi-square with 9 degrees of freedom exceeds 50 about once in ten million draws.
            Assert.True(squared < 50, $"place {place}: {squared}");
        }
    }

    [Theory]
    [InlineData("000000", true)]
    [InlineData("012345", true)]
    [InlineData("999999", true)]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("12345", false)]
    [InlineData("1234567", false)]
    [InlineData("12345a", false)]
    [InlineData("-12345", false)]
    [InlineData(" 12345", false)]
    [InlineData("123 456", false)]
    [InlineData("\u0661\u0662\u0663\u0664\u0665\u0666", false)] // Arabic-Indic digits
    [InlineData("\uff11\uff12\uff13\uff14\uff15\uff16", false)] // full-width digits
    public void Only_six_ascii_digits_are_a_code(string? text, bool isCode)
    {
        Assert.Equal(isCode, NumericCode.TryParse(text, out var code));
        Assert.Equal(isCode ? text : null, code?.Reveal());
    }

    [Fact]
    public void The_stored_form_depends_on_key_context_and_code_with_no_way_to_shift_between_them()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        Assert.True(NumericCode.TryParse("123456", out var code));
        Assert.True(NumericCode.TryParse("123457", out var other));
        Assert.Equal(HMACSHA256.HashData(key, (byte[])[0, 0, 0, 3, .. "row123456"u8]), code.Mac(key, "row"));

        byte[][] macs =
        [
            code.Mac(key, "row"), other.Mac(key, "row"), code.Mac(key, "row1"), code.Mac(key, ""), code.Mac(key, "123456"),
            code.Mac(RandomNumberGenerator.GetBytes(32), "row"), code.Mac(key, "row\u0000"),
        ];
        Assert.Equal(macs.Length, macs.Select(Convert.ToHexString).Distinct().Count());
        Assert.Throws<ArgumentException>(() => code.Mac(new byte[16], "row"));
    }

    [VectorFact]
    public void Wycheproof_hmac_sha256_holds_for_the_primitive()
    {
        var tested = 0;
        foreach (var (group, test) in TestVectors.WycheproofTests("hmac_sha256_test.json"))
        {
            var tag = HMACSHA256.HashData(test.Hex("key"), test.Hex("msg")).AsSpan(0, group.GetProperty("tagSize").GetInt32() / 8);
            Assert.Equal(test.Text("result") == "valid", CryptographicOperations.FixedTimeEquals(tag, test.Hex("tag")));
            tested++;
        }

        Assert.Equal(174, tested);
    }
}
