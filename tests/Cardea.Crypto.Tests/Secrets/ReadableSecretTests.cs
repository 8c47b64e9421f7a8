using Cardea.Crypto.Secrets;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public sealed class ReadableSecretTests
{
    private static readonly byte[] Key = new byte[32];

    [Fact]
    public void MF_08_A_recovery_code_has_80_random_bits_in_four_groups()
    {
        var codes = Enumerable.Range(0, 2000).Select(_ => ReadableSecret.New().Reveal()).ToList();
        Assert.All(codes, code => Assert.Matches("^[a-hjkmnp-z1-9]{4}(-[a-hjkmnp-z1-9]{4}){3}$", code));
        Assert.Equal(2000, codes.Distinct().Count());
        // Sixteen letters, each one of 32: 80 bits. All of them are used, and at each place.
        Assert.All(Enumerable.Range(0, 19).Where(place => place % 5 != 4), place => Assert.Equal(32, codes.Select(code => code[place]).Distinct().Count()));
    }

    [Fact]
    public void Typing_is_forgiven_case_spaces_and_hyphens_and_nothing_else()
    {
        var secret = ReadableSecret.New();
        var text = secret.Reveal();
        foreach (var typed in new[] { text, text.ToUpperInvariant(), text.Replace("-", "", StringComparison.Ordinal), text.Replace('-', ' '), $"  {text} " })
        {
            Assert.True(ReadableSecret.TryParse(typed, out var parsed));
            Assert.Equal(secret.Mac(Key, "whose"), parsed.Mac(Key, "whose"));
        }

        foreach (var typed in new[] { null, "", text[..^1], text + "a", text[..^1] + "0", text[..^1] + "o", text[..^1] + "\u0131", new string('a', 1_000_000) })
        {
            Assert.False(ReadableSecret.TryParse(typed, out _));
        }
    }

    [Fact]
    public void What_is_stored_hangs_on_the_key_and_on_whose_it_is()
    {
        var secret = ReadableSecret.New();
        var other = new byte[32];
        other[0] = 1;
        Assert.Equal(3, new[] { secret.Mac(Key, "alice"), secret.Mac(Key, "bob"), secret.Mac(other, "alice") }.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal("[readable secret]", secret.ToString());
    }
}
