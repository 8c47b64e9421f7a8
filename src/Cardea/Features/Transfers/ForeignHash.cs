using System.Buffers.Binary;
using System.Globalization;
using Cardea.Crypto.Passwords;

namespace Cardea.Features.Transfers;

/// <summary>Hashes as other systems write them, in the forms that are read here. What is computed is the same; only the text around it changes.</summary>
internal static class ForeignHash
{
    /// <summary>Names of the method that frameworks put in front: Django's <c>argon2$…</c> and <c>bcrypt$…</c>, Spring's <c>{bcrypt}…</c>.</summary>
    private static readonly string[] Prefixes = ["argon2$argon2", "bcrypt$$", "{bcrypt}$", "{argon2}$", "{argon2@SpringSecurity_v5_8}$"];

    public static string Normalize(string stored)
    {
        foreach (var prefix in Prefixes)
        {
            if (stored.StartsWith(prefix, StringComparison.Ordinal))
            {
                return prefix.StartsWith("argon2", StringComparison.Ordinal) ? "$" + stored["argon2$".Length..] : "$" + stored[prefix.Length..];
            }
        }

        return stored;
    }

    /// <summary>PBKDF2 of any salt and length, in the form of ASP.NET Core Identity's version 3.</summary>
    /// <param name="prf">0 SHA-1, 1 SHA-256, 2 SHA-512.</param>
    public static string Pbkdf2(uint prf, int iterations, byte[] salt, byte[] key)
    {
        var blob = new byte[13 + salt.Length + key.Length];
        blob[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(1), prf);
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(5), iterations);
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(9), salt.Length);
        salt.CopyTo(blob, 13);
        key.CopyTo(blob, 13 + salt.Length);
        return Convert.ToBase64String(blob);
    }

    /// <param name="type">id, i or d.</param>
    public static string Argon2(string type, int version, Argon2Parameters cost, byte[] salt, byte[] tag) => string.Create(
        CultureInfo.InvariantCulture,
        $"$argon2{type}$v={version}$m={cost.MemoryKiB},t={cost.Iterations},p={cost.Parallelism}${Convert.ToBase64String(salt).TrimEnd('=')}${Convert.ToBase64String(tag).TrimEnd('=')}");
}
