using System.Buffers.Text;
using Cardea.Crypto.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Text;

public class Base64UrlTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("66", "Zg")]
    [InlineData("666f", "Zm8")]
    [InlineData("666f6f", "Zm9v")]
    [InlineData("666f6f62", "Zm9vYg")]
    [InlineData("666f6f6261", "Zm9vYmE")]
    [InlineData("666f6f626172", "Zm9vYmFy")]
    [InlineData("fbff", "-_8")]
    public void Rfc_4648_section_10_reads_and_writes_without_padding(string hex, string text)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(text, Base64UrlText.Encode(bytes));
        Assert.True(Base64UrlText.TryDecode(text, out var decoded));
        Assert.Equal(bytes, decoded);
    }

    [Theory]
    [InlineData("Zg==")]
    [InlineData("Zm8=")]
    [InlineData("Z")]
    [InlineData("Zm9vY")]
    [InlineData("Zh")] // the unused bits of "Zg" set
    [InlineData("Zm9")]
    [InlineData("Zm9vYh")]
    [InlineData(" Zm9v")]
    [InlineData("Zm9v\n")]
    [InlineData("Zm 9v")]
    [InlineData("+/8")]
    [InlineData("Zm9v\0")]
    [InlineData("Zm9\u00e9")]
    [InlineData("\uff3am9v")] // full-width Z
    public void Every_other_spelling_is_refused(string text)
    {
        Assert.False(Base64UrlText.TryDecode(text, out var bytes));
        Assert.Null(bytes);
        Assert.False(Base64UrlText.TryDecode(text, new byte[64], out var written));
        Assert.Equal(0, written);
    }

    [Fact]
    public void A_destination_too_short_is_refused()
    {
        Assert.False(Base64UrlText.TryDecode("Zm9v", new byte[2], out _));
        Assert.True(Base64UrlText.TryDecode("Zm9v", new byte[3], out var written));
        Assert.Equal(3, written);
    }

    [Fact]
    public void All_texts_of_up_to_three_characters_decode_only_when_canonical()
    {
        const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ .";
        var accepted = 0;
        foreach (var first in Characters)
        {
            foreach (var second in Characters)
            {
                accepted += Accepted($"{first}{second}");
                foreach (var third in Characters)
                {
                    accepted += Accepted($"{first}{second}{third}");
                }
            }
        }

        // One spelling for each of 256 single bytes and 65,536 pairs.
        Assert.Equal(256 + 65_536, accepted);

        static int Accepted(string text)
        {
            if (!Base64UrlText.TryDecode(text, out var bytes))
            {
                return 0;
            }

            Assert.Equal(text, Base64Url.EncodeToString(bytes));
            return 1;
        }
    }

    [Fact]
    public void Bytes_survive_the_round_trip() =>
        Prop.ForAll<byte[]>(bytes =>
            Base64UrlText.TryDecode(Base64UrlText.Encode(bytes), out var again) && again.AsSpan().SequenceEqual(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_decodes_encodes_to_the_same_text()
    {
        var likely = Gen.Elements("AQgwZz09-_=+ ".ToCharArray()).ArrayOf().Select(characters => new string(characters));
        Prop.ForAll(likely.ToArbitrary(), SameTextOrRefused).QuickCheckThrowOnFailure();
        Prop.ForAll<string>(text => text is null || SameTextOrRefused(text)).QuickCheckThrowOnFailure();

        static bool SameTextOrRefused(string text) =>
            !Base64UrlText.TryDecode(text, out var bytes) || Base64UrlText.Encode(bytes) == text;
    }
}
