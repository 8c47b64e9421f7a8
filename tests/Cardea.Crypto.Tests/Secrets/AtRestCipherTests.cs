using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Tests.Harness;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Secrets;

public class AtRestCipherTests
{
    private static readonly AtRestCipher Cipher = new(MasterKey.Generate().Derive("test"));

    [Fact]
    public void What_is_sealed_opens_in_its_place() =>
        Prop.ForAll<byte[]>(plaintext =>
            Cipher.TryOpen(Cipher.Seal(plaintext, "row/1"), "row/1", out var opened) && opened.AsSpan().SequenceEqual(plaintext))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void SR_01_A_value_moved_to_another_row_does_not_open()
    {
        var first = Cipher.Seal("first secret"u8, "totp_secrets/1");
        var second = Cipher.Seal("second secret"u8, "totp_secrets/2");
        Assert.False(Cipher.TryOpen(first, "totp_secrets/2", out var moved));
        Assert.Null(moved);
        Assert.False(Cipher.TryOpen(second, "totp_secrets/1", out _));
        Assert.False(Cipher.TryOpen(first, "", out _));
        Assert.False(Cipher.TryOpen(first, "signing_keys/1", out _));
    }

    [Fact]
    public void No_flipped_bit_is_accepted()
    {
        var sealedBytes = Cipher.Seal("a secret of some length"u8, "row/1");
        for (var bit = 0; bit < sealedBytes.Length * 8; bit++)
        {
            var changed = sealedBytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Cipher.TryOpen(changed, "row/1", out _), $"bit {bit}");
        }
    }

    [Fact]
    public void No_shorter_or_longer_value_is_accepted()
    {
        var sealedBytes = Cipher.Seal("secret"u8, "row/1");
        for (var length = 0; length < sealedBytes.Length; length++)
        {
            Assert.False(Cipher.TryOpen(sealedBytes.AsSpan(0, length), "row/1", out _));
        }

        Assert.False(Cipher.TryOpen([.. sealedBytes, 0], "row/1", out _));
    }

    [Fact]
    public void Another_key_does_not_open_it() =>
        Assert.False(new AtRestCipher(RandomNumberGenerator.GetBytes(32)).TryOpen(Cipher.Seal("secret"u8, "row/1"), "row/1", out _));

    [Fact]
    public void The_form_is_version_nonce_ciphertext_tag_and_no_two_seals_are_alike()
    {
        var one = Cipher.Seal("secret"u8, "row/1");
        var other = Cipher.Seal("secret"u8, "row/1");
        Assert.Equal(6 + AtRestCipher.OverheadInBytes, one.Length);
        Assert.Equal(29, AtRestCipher.OverheadInBytes);
        Assert.Equal(1, one[0]);
        Assert.NotEqual(one[1..13], other[1..13]);
        Assert.NotEqual(one[13..], other[13..]);
    }

    [Fact]
    public void The_key_is_copied_and_has_32_bytes()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var cipher = new AtRestCipher(key);
        var sealedBytes = cipher.Seal("secret"u8, "row/1");
        Array.Clear(key);
        Assert.True(cipher.TryOpen(sealedBytes, "row/1", out _));
        Assert.Throws<ArgumentException>(() => new AtRestCipher(new byte[16]));
        Assert.Throws<ArgumentException>(() => new AtRestCipher(new byte[33]));
    }

    [Fact]
    public void Many_threads_may_seal_and_open_at_once() =>
        Parallel.For(0, 4_000, i =>
        {
            var plaintext = BitConverter.GetBytes(i);
            Assert.True(Cipher.TryOpen(Cipher.Seal(plaintext, $"row/{i}"), $"row/{i}", out var opened));
            Assert.Equal(plaintext, opened);
        });

    [VectorFact]
    public void Wycheproof_aes_gcm_has_no_wrong_accept()
    {
        int valid = 0, refused = 0;
        foreach (var (group, test) in TestVectors.WycheproofTests("aes_gcm_test.json"))
        {
            // Only the one form in use: 256-bit keys, 96-bit nonces, 128-bit tags.
            if (group.GetProperty("keySize").GetInt32() != 256 || group.GetProperty("ivSize").GetInt32() != 96)
            {
                continue;
            }

            byte[] sealedBytes = [1, .. test.Hex("iv"), .. test.Hex("ct"), .. test.Hex("tag")];
            var opens = AtRestCipher.TryOpenWith(test.Hex("key"), sealedBytes, test.Hex("aad"), out var plaintext);
            Assert.Equal(test.Text("result") == "valid", opens);
            if (opens)
            {
                Assert.Equal(test.Hex("msg"), plaintext);
                Assert.Equal(sealedBytes, AtRestCipher.SealWithNonce(test.Hex("key"), test.Hex("iv"), test.Hex("msg"), test.Hex("aad")));
            }

            _ = opens ? valid++ : refused++;
        }

        Assert.True(valid > 30 && refused > 20, $"{valid} valid, {refused} refused");
    }
}
