using System.Diagnostics;
using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

/// <summary>What is said of stored text without a password: the same that a verification would find.</summary>
public sealed class StoredPasswordFormTests : IDisposable
{
    private readonly Argon2Arena _arena = new();
    private readonly PasswordHasher _hasher = new(new Argon2Parameters(64, 1, 1));

    public void Dispose() => _arena.Dispose();

    [Fact]
    public void A_hash_that_is_cut_off_anywhere_is_not_usable_and_matches_nothing()
    {
        var key = new byte[64];
        string[] whole =
        [
            _hasher.Hash("a password"u8, _arena),
            "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs",
            "$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs",
            "$2b$04$abcdefghijklmnopqrstuuyBY7gIt9FRH75ei4wJhv64yl1QxyWzu",
            "$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$OiXpF/MHaV9qzkpF6lKfOIzc+XJYb1NHreEMlZ40Zcg",
            "pbkdf2_sha256$1$salt$vJJdf5OUG4YJHZA+2Qe1lZLyaxzj06TVylMqZEUHQ8E=",
            Convert.ToBase64String([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 16, .. new byte[32]]),
            Convert.ToBase64String([0, .. new byte[48]]),
            FirebaseScryptFormat.ToStored(key, [7], 8, 4, new byte[10], key)!,
        ];
        foreach (var stored in whole)
        {
            Assert.Equal(StoredPasswordForm.Usable, PasswordHasher.Examine(stored));
            for (var length = 0; length < stored.Length; length++)
            {
                var cut = stored[..length];
                if (PasswordHasher.Examine(cut) is StoredPasswordForm.Usable)
                {
                    // A shorter tag is a tag as well, as long as it has the least that is asked for.
                    Assert.True(length > stored.Length / 2, cut);
                }
                else
                {
                    Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("a password"u8, cut, _arena));
                }
            }
        }
    }

    [Theory]
    [InlineData("$argon2id$v=19$m=1048577,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs")]
    [InlineData("$argon2i$v=19$m=1048576,t=100,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs")]
    [InlineData("$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$C0UZrCYdx/GDT16KuAv8FettCjh40Q6zJVQa+SAkuRs", true)]
    [InlineData("$2b$17$abcdefghijklmnopqrstuuyBY7gIt9FRH75ei4wJhv64yl1QxyWzu")]
    [InlineData("$scrypt$ln=24,r=64,p=64$AAECAwQFBgcICQoLDA0ODw$OiXpF/MHaV9qzkpF6lKfOIzc+XJYb1NHreEMlZ40Zcg")]
    [InlineData("$firebase-scrypt$ln=24,r=64,p=1$AAECAwQFBgcICQoLDA0ODw$OiXpF/MHaV9qzkpF6lKfOIzc+XJYb1NHreEMlZ40Zcg")]
    [InlineData("pbkdf2_sha256$5000001$salt$vJJdf5OUG4YJHZA+2Qe1lZLyaxzj06TVylMqZEUHQ8E=")]
    [InlineData("5f4dcc3b5aa765d61d8327deb882cf99", true)]
    [InlineData("", true)]
    [InlineData("{SSHA}abc", true)]
    public void What_costs_too_much_or_is_of_no_form_is_told_at_once(string stored, bool isUnknown = false)
    {
        var begun = Stopwatch.GetTimestamp();

        Assert.Equal(isUnknown ? StoredPasswordForm.Unknown : StoredPasswordForm.Unusable, PasswordHasher.Examine(stored));
        Assert.Equal(PasswordVerdict.Failed, _hasher.Verify("a password"u8, stored, _arena));
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_hash_of_Firebase_must_fit_the_projects_key()
    {
        Assert.Null(FirebaseScryptFormat.ToStored(new byte[64], [7], 8, 14, new byte[10], new byte[32]));
        Assert.Null(FirebaseScryptFormat.ToStored(new byte[8], [7], 8, 14, new byte[10], new byte[8]));
        Assert.Null(FirebaseScryptFormat.ToStored(new byte[64], [7], 8, 30, new byte[10], new byte[64]));
        Assert.Null(FirebaseScryptFormat.ToStored(new byte[64], [7], 8, 14, new byte[64], new byte[64]));
    }
}
