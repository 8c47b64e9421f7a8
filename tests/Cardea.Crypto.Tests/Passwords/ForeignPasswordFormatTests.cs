using System.Runtime.InteropServices;
using System.Text;
using Cardea.Crypto.Passwords;
using Cardea.Crypto.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public sealed partial class ForeignPasswordFormatTests : IDisposable
{
    private readonly Argon2Arena _arena = new();
    private readonly PasswordHasher _hasher = new(new Argon2Parameters(64, 1, 1));

    public void Dispose() => _arena.Dispose();

    // The vectors of crypt_blowfish and of the jBCrypt tests, which every bcrypt is tried with.
    [Theory]
    [InlineData("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")]
    [InlineData("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    [InlineData("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.")]
    [InlineData("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe")]
    [InlineData("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i")]
    [InlineData("~!@#$%^&*()      ~!@#$%^&*()PNBFRD", "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO")]
    public void Bcrypt_vectors(string password, string stored)
    {
        AssertOnlyThisPassword(password, stored);
        AssertOnlyThisPassword(password, stored.Replace("$2a$", "$2b$", StringComparison.Ordinal));
        AssertOnlyThisPassword(password, stored.Replace("$2a$", "$2y$", StringComparison.Ordinal));
    }

    [NativeLibraryFact("libcrypt.so.1")]
    public void Bcrypt_agrees_with_libcrypt_on_passwords_of_all_lengths()
    {
        var random = new Random(1999);
        for (var length = 0; length <= 80; length++)
        {
            var password = new byte[length];
            random.NextBytes(password);
            password.AsSpan().Replace((byte)0, (byte)0xFF);
            var setting = "$2b$04$" + new string([.. Enumerable.Range(0, 21).Select(_ => (char)random.Next('a', 'z' + 1))]) + "e";
            var stored = Marshal.PtrToStringUTF8(Crypt([.. password, 0], setting))!;
            Assert.Equal(60, stored.Length);

            Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify(password, stored, _arena));
        }
    }

    [Fact]
    public void Bcrypt_counts_72_bytes_and_no_more()
    {
        const string stored = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
        var password = Encoding.Latin1.GetBytes("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored");
        Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify(password, stored, _arena));
        Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify(password.AsSpan(0, 72), stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify(password.AsSpan(0, 71), stored, _arena));
    }

    [Fact]
    public void Bcrypt_is_not_fooled_by_a_password_repeated_around_a_zero()
    {
        const string abc = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("abc\0abc"u8, abc, _arena));
    }

    [Fact]
    public void The_tables_of_blowfish_are_the_digits_of_pi()
    {
        var words = Blowfish.ComputeFractionOfPi(1042);
        Assert.Equal([0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u], words[..4]);
        Assert.Equal([0x9216D5D9u, 0x8979FB1Bu, 0xD1310BA6u], words[16..19]);
        Assert.Equal(0x3AC372E6u, words[^1]);
    }

    // RFC 7914, section 12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Scrypt_vectors(string password, string salt, int cost, int blockSize, int parallelism, string expected)
    {
        var tag = new byte[64];
        Scrypt.Derive(Encoding.ASCII.GetBytes(password), Encoding.ASCII.GetBytes(salt), cost, blockSize, parallelism, tag, _arena);
        Assert.Equal(expected, Convert.ToHexStringLower(tag));
    }

    [Fact]
    public void Scrypt_strings_verify_and_ask_for_a_rehash()
    {
        var (salt, tag) = ("SodiumChloride"u8.ToArray(), new byte[32]);
        Scrypt.Derive("pleaseletmein"u8, salt, 1 << 10, 8, 2, tag, _arena);
        AssertOnlyThisPassword("pleaseletmein", $"$scrypt$ln=10,r=8,p=2${PhcText.Encode(salt)}${PhcText.Encode(tag)}");
    }

    [ProgramFact("/usr/bin/python3", "-c", "import hashlib; hashlib.scrypt; hashlib.pbkdf2_hmac")]
    public void Scrypt_and_pbkdf2_agree_with_python()
    {
        const string program = """
            import base64, hashlib
            def b64(data): return base64.b64encode(data).decode()
            for ln, r, p in ((4, 1, 1), (6, 3, 2), (9, 8, 1)):
                tag = hashlib.scrypt(b"a password", salt=b"some salt", n=2**ln, r=r, p=p, dklen=32)
                print(f"$scrypt$ln={ln},r={r},p={p}${b64(b'some salt').rstrip('=')}${b64(tag).rstrip('=')}")
            print("pbkdf2_sha256$1234$somesalt$" + b64(hashlib.pbkdf2_hmac("sha256", b"a password", b"somesalt", 1234)))
            """;
        var (exitCode, output) = OtherProgram.Run("/usr/bin/python3", ["-c", program]);
        Assert.True(exitCode == 0, output);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => AssertOnlyThisPassword("a password", line));
    }

    // From the tests of Django, tests/auth_tests/test_hashers.py.
    [Fact]
    public void Django_vector()
    {
        AssertOnlyThisPassword("lètmein", "pbkdf2_sha256$1000000$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=");
    }

    [Theory]
    [InlineData(PasswordHasherCompatibilityMode.IdentityV2)]
    [InlineData(PasswordHasherCompatibilityMode.IdentityV3)]
    public void Hashes_of_asp_net_core_identity_verify_and_ask_for_a_rehash(PasswordHasherCompatibilityMode mode)
    {
        var options = Options.Create(new PasswordHasherOptions { CompatibilityMode = mode, IterationCount = 2_000 });
        var stored = new PasswordHasher<object>(options).HashPassword(new object(), "pässwörd 🔐");
        AssertOnlyThisPassword("pässwörd 🔐", stored);
    }

    [Theory]
    [InlineData(0, "SHA1")]
    [InlineData(1, "SHA256")]
    [InlineData(2, "SHA512")]
    public void All_three_functions_of_identity_version_3_verify(int prf, string algorithm)
    {
        var salt = new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
        var subkey = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2("a password"u8, salt, 100, new(algorithm), 32);
        var stored = Convert.ToBase64String([0x01, 0, 0, 0, (byte)prf, 0, 0, 0, 100, 0, 0, 0, 16, .. salt, .. subkey]);

        // The framework itself reads it the same way.
        Assert.NotEqual(PasswordVerificationResult.Failed, new PasswordHasher<object>().VerifyHashedPassword(new object(), stored, "a password"));
        AssertOnlyThisPassword("a password", stored);
    }

    private void AssertOnlyThisPassword(string password, string stored)
    {
        Assert.Equal(PasswordVerdict.SuccessRehashNeeded, _hasher.Verify(Encoding.UTF8.GetBytes(password), stored, _arena));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify(Encoding.UTF8.GetBytes(password + "x"), stored, _arena));
    }

    [LibraryImport("libcrypt.so.1", EntryPoint = "crypt", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Crypt(byte[] password, string setting);
}
