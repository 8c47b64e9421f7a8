using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

/// <summary>
/// Turns passwords into stored text and compares them with it. New hashes are Argon2id; hashes brought along from other
/// systems are verified in their own form and asked to be replaced.
/// </summary>
/// <remarks>
/// Passwords are UTF-8 bytes, already normalised. The hasher itself holds no state and may be shared between threads; the arenas
/// may not.
/// </remarks>
public sealed class PasswordHasher
{
    private const int SaltBytes = 16;
    private const int TagBytes = 32;

    // Longer than any form read here. Keeps work on a damaged or planted row small.
    private const int MaxStoredChars = 512;

    private static readonly IForeignPasswordFormat[] ForeignFormats =
    [
        new BcryptFormat(),
        new ScryptFormat(),
        new DjangoPbkdf2Format(),
        new AspNetIdentityFormat(),
        new FirebaseScryptFormat(),
        new Argon2OtherFormat(),
    ];

    private readonly Argon2Parameters _current;

    public PasswordHasher(Argon2Parameters current)
    {
        current.Validate();
        _current = current;

        // The tag is random instead of computed: no password is known for either, no one can tell them apart, and a comparison does
        // the same work.
        DummyHash = new Argon2Phc(current, RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(TagBytes)).ToString();
    }

    /// <summary>
    /// Matches no password, at the current cost. Verify against it when there is no account, so that the answer takes as long as
    /// for a wrong password (an account not yet rehashed from another cost or form still takes its own time).
    /// </summary>
    public string DummyHash { get; }

    public string Hash(ReadOnlySpan<byte> password, Argon2Arena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        Span<byte> salt = stackalloc byte[SaltBytes];
        Span<byte> tag = stackalloc byte[TagBytes];
        RandomNumberGenerator.Fill(salt);
        DeriveAndClear(_current, password, salt, tag, arena);
        return new Argon2Phc(_current, salt, tag).ToString();
    }

    /// <summary>What can be said of stored text without a password: for whoever takes hashes in from elsewhere.</summary>
    public static StoredPasswordForm Examine(string stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (stored.Length > MaxStoredChars)
        {
            return StoredPasswordForm.Unknown;
        }

        if (stored.StartsWith(Argon2Phc.Head, StringComparison.Ordinal))
        {
            return Argon2Phc.TryParse(stored, out _) ? StoredPasswordForm.Usable : StoredPasswordForm.Unusable;
        }

        return Array.Find(ForeignFormats, format => format.Recognises(stored)) is not { } found ? StoredPasswordForm.Unknown
            : found.IsUsable(stored) ? StoredPasswordForm.Usable
            : StoredPasswordForm.Unusable;
    }

    /// <summary>Never throws because of the stored text: what cannot be read, or costs too much, is a failure.</summary>
    public PasswordVerdict Verify(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        if (stored is null || stored.Length > MaxStoredChars)
        {
            return PasswordVerdict.Failed;
        }

        if (Argon2Phc.TryParse(stored, out var hash))
        {
            return VerifyArgon2id(password, hash, arena);
        }

        foreach (var format in ForeignFormats)
        {
            if (format.Recognises(stored))
            {
                return format.Matches(password, stored, arena) ? PasswordVerdict.SuccessRehashNeeded : PasswordVerdict.Failed;
            }
        }

        return PasswordVerdict.Failed;
    }

    private PasswordVerdict VerifyArgon2id(ReadOnlySpan<byte> password, Argon2Phc hash, Argon2Arena arena)
    {
        Span<byte> tag = stackalloc byte[hash.Tag.Length]; // at most 64, the parser says
        DeriveAndClear(hash.Parameters, password, hash.Salt, tag, arena);
        if (!CryptographicOperations.FixedTimeEquals(tag, hash.Tag))
        {
            return PasswordVerdict.Failed;
        }

        var isCurrent = hash.Parameters == _current && hash.Salt.Length == SaltBytes && hash.Tag.Length == TagBytes;
        return isCurrent ? PasswordVerdict.Success : PasswordVerdict.SuccessRehashNeeded;
    }

    private static void DeriveAndClear(
        Argon2Parameters parameters, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> tag, Argon2Arena arena)
    {
        try
        {
            Argon2id.Derive(parameters, password, salt, tag, arena);
        }
        finally
        {
            arena.Clear();
        }
    }
}
