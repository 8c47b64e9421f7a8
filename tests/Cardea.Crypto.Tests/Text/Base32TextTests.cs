using Cardea.Crypto.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Text;

public class Base32TextTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("66", "MY", "MY======")]
    [InlineData("666f", "MZXQ", "MZXQ====")]
    [InlineData("666f6f", "MZXW6", "MZXW6===")]
    [InlineData("666f6f62", "MZXW6YQ", "MZXW6YQ=")]
    [InlineData("666f6f6261", "MZXW6YTB", "MZXW6YTB")]
    [InlineData("666f6f626172", "MZXW6YTBOI", "MZXW6YTBOI======")]
    public void Rfc_4648_section_10_reads_with_padding_and_writes_without(string hex, string text, string padded)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(text, Base32Text.Encode(bytes));
        foreach (var spelling in (string[])[text, padded, text.ToLowerInvariant(), $" {string.Join(' ', text.Chunk(4).Select(c => new string(c)))} "])
        {
            Assert.True(Base32Text.TryDecode(spelling, out var decoded), spelling);
            Assert.Equal(bytes, decoded);
        }
    }

    [Theory]
    [InlineData("M")]
    [InlineData("MZX")]
    [InlineData("MZXW6Y")]
    [InlineData("MZ")] // unused bits set
    [InlineData("MY=A====")]
    [InlineData("MY=====")]
    [InlineData("MY==============")]
    [InlineData("========")]
    [InlineData("M0")]
    [InlineData("M1")]
    [InlineData("M8")]
    [InlineData("MY\t")]
    [InlineData("MY-")]
    [InlineData("\u212aY")] // the Kelvin sign, which lower-cases to k
    [InlineData("\u0131Y")]
    public void A_wrong_character_length_or_padding_is_refused(string text)
    {
        Assert.False(Base32Text.TryDecode(text, out var bytes));
        Assert.Null(bytes);
    }

    [Fact]
    public void Bytes_survive_the_round_trip() =>
        Prop.ForAll<byte[]>(bytes =>
            Base32Text.TryDecode(Base32Text.Encode(bytes), out var again) && again.AsSpan().SequenceEqual(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_decodes_encodes_to_the_same_text_apart_from_case_spaces_and_padding()
    {
        var likely = Gen.Elements("AaMmYyZzQ27= ".ToCharArray()).ArrayOf().Select(characters => new string(characters));
        Prop.ForAll(likely.ToArbitrary(), SameTextOrRefused).QuickCheckThrowOnFailure();
        Prop.ForAll<string>(text => text is null || SameTextOrRefused(text)).QuickCheckThrowOnFailure();

        static bool SameTextOrRefused(string text) =>
            !Base32Text.TryDecode(text, out var bytes)
            || Base32Text.Encode(bytes).Equals(text.Replace(" ", "", StringComparison.Ordinal).TrimEnd('='), StringComparison.OrdinalIgnoreCase);
    }
}
