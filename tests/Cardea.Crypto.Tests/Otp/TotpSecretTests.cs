using System.Text;
using Cardea.Crypto.Otp;
using Cardea.Crypto.Tests.Harness;
using Xunit;

namespace Cardea.Crypto.Tests.Otp;

public sealed class TotpSecretTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_015);

    /// <summary>The secret of both RFCs.</summary>
    private static readonly TotpSecret Rfc = TotpSecret.From(Encoding.ASCII.GetBytes("12345678901234567890"));

    /// <summary>RFC 4226 appendix D: a step is what that document calls a counter.</summary>
    [Theory, InlineData(0, "755224"), InlineData(1, "287082"), InlineData(2, "359152"), InlineData(3, "969429"), InlineData(4, "338314")]
    [InlineData(5, "254676"), InlineData(6, "287922"), InlineData(7, "162583"), InlineData(8, "399871"), InlineData(9, "520489")]
    public void MF_01_The_codes_are_those_of_RFC_4226(long step, string code) => Assert.Equal(code, Rfc.CodeAt(step));

    /// <summary>RFC 6238 appendix B shows eight digits for SHA-1; six are the last of them, since both are one number modulo a power of ten.</summary>
    [Theory, InlineData(59, "94287082"), InlineData(1111111109, "07081804"), InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924"), InlineData(2000000000, "69279037"), InlineData(20000000000, "65353130")]
    public void MF_01_The_codes_are_those_of_RFC_6238(long seconds, string eightDigits)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Assert.Equal(eightDigits[2..], Rfc.CodeAt(TotpSecret.StepAt(at)));
        Assert.Equal(TotpSecret.StepAt(at), Rfc.FindStep(eightDigits[2..], at, lastUsed: -1));
        Assert.Null(Rfc.FindStep(eightDigits, at, lastUsed: -1));
    }

    [ProgramFact("oathtool", "--version")]
    public void MF_01_Another_implementation_shows_the_same_codes()
    {
        for (var number = 0; number < 20; number++)
        {
            var secret = TotpSecret.New();
            var at = Now.AddSeconds(number * 12_345_679L);
            var (exit, code) = OtherProgram.Run("oathtool", ["--totp", "--base32", "--now", at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture), secret.RevealBase32()]);
            Assert.Equal((0, code.Trim()), (exit, secret.CodeAt(TotpSecret.StepAt(at))));
        }
    }

    [Fact]
    public void MF_02_A_code_is_taken_one_step_to_either_side_and_no_further()
    {
        var current = TotpSecret.StepAt(Now);
        var secret = Without(current - 3, current + 3);
        foreach (var (offset, isTaken) in new[] { (-3, false), (-2, false), (-1, true), (0, true), (1, true), (2, false), (3, false) })
        {
            Assert.Equal(isTaken ? current + offset : null, secret.FindStep(secret.CodeAt(current + offset), Now, lastUsed: -1));
        }

        // The step changes on the half minute, and not before.
        Assert.Equal(current, TotpSecret.StepAt(DateTimeOffset.FromUnixTimeMilliseconds((current * 30_000) + 29_999)));
        Assert.Equal(current + 1, TotpSecret.StepAt(DateTimeOffset.FromUnixTimeMilliseconds((current + 1) * 30_000)));
    }

    [Fact]
    public void MF_02_Neither_the_step_that_was_used_nor_an_older_one_is_taken()
    {
        var current = TotpSecret.StepAt(Now);
        var secret = Without(current - 2, current + 2);
        for (var used = -2; used <= 2; used++)
        {
            for (var offset = -1; offset <= 1; offset++)
            {
                Assert.Equal(offset > used ? current + offset : null, secret.FindStep(secret.CodeAt(current + offset), Now, current + used));
            }
        }
    }

    /// <summary>Or the same digits would be taken once for the older step and once more for the newer.</summary>
    [Fact]
    public void MF_02_Digits_that_two_steps_share_are_those_of_the_newer_step()
    {
        var step = 1L;
        while (Rfc.CodeAt(step - 1) != Rfc.CodeAt(step) && Rfc.CodeAt(step - 2) != Rfc.CodeAt(step))
        {
            step++;
        }

        var at = DateTimeOffset.FromUnixTimeSeconds((step * 30) - 30);
        var taken = Rfc.FindStep(Rfc.CodeAt(step), at, lastUsed: -1);
        Assert.Equal(step, taken);
        Assert.Null(Rfc.FindStep(Rfc.CodeAt(step), at, taken!.Value));
    }

    [Theory, InlineData(null), InlineData(""), InlineData("12345"), InlineData("1234567"), InlineData("12345a"), InlineData("١٢٣٤٥٦"), InlineData("-12345"), InlineData("+12345"), InlineData("0x1234"), InlineData("123456789012345678901234567890")]
    public void What_is_no_code_is_none(string? typed) => Assert.Null(Rfc.FindStep(typed, Now, lastUsed: -1));

    [Fact]
    public void Spaces_are_forgiven()
    {
        var code = Rfc.CodeAt(TotpSecret.StepAt(Now));
        Assert.Equal(TotpSecret.StepAt(Now), Rfc.FindStep($" {code[..3]} {code[3..]} ", Now, lastUsed: -1));
    }

    [Fact]
    public void MF_06_A_secret_has_160_random_bits_and_prints_none_of_them()
    {
        var secrets = Enumerable.Range(0, 1000).Select(_ => TotpSecret.New()).ToList();
        Assert.All(secrets, secret => Assert.Equal(20, secret.ToArray().Length));
        Assert.Equal(1000, secrets.Select(secret => secret.RevealBase32()).Distinct().Count());
        Assert.Equal("[TOTP secret]", secrets[0].ToString());
        Assert.Throws<ArgumentException>(() => TotpSecret.From(new byte[15]));
    }

    [Fact]
    public void The_key_URI_says_what_an_app_must_know()
    {
        var uri = new Uri(Rfc.RevealUri("Example & Co: 100%", "anna+test@example.org"));
        Assert.Equal(("otpauth", "totp"), (uri.Scheme, uri.Host));
        Assert.Equal("/Example & Co: 100%:anna+test@example.org", Uri.UnescapeDataString(uri.AbsolutePath));
        var query = uri.Query[1..].Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        Assert.Equal(("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "Example & Co: 100%", "SHA1", "6", "30"), (query["secret"], query["issuer"], query["algorithm"], query["digits"], query["period"]));
    }

    /// <summary>A secret whose codes differ at all of these steps, so that no test hangs on a one in a million.</summary>
    private static TotpSecret Without(long from, long to)
    {
        while (true)
        {
            var secret = TotpSecret.New();
            var codes = Enumerable.Range(0, (int)(to - from) + 1).Select(offset => secret.CodeAt(from + offset)).ToList();
            if (codes.Distinct().Count() == codes.Count)
            {
                return secret;
            }
        }
    }
}
