namespace Cardea.Crypto.Passwords;

/// <summary>
/// The cost of one Argon2id hash (RFC 9106, section 3.1): memory in KiB, passes over it, and lanes.
/// </summary>
/// <remarks>
/// The upper bounds are ours. A stored hash names its own cost, so whoever can plant one (an import, a restored backup) could
/// otherwise make a single sign-in take all memory or all day. Memory times passes is bounded as well: at most 4 GiB written,
/// which is one to three seconds on one core.
/// </remarks>
public readonly record struct Argon2Parameters(int MemoryKiB, int Iterations, int Parallelism)
{
    public const int MaxMemoryKiB = 1_048_576;
    public const int MaxIterations = 100;
    public const int MaxParallelism = 16;
    public const long MaxWorkKiB = 4L * 1_048_576;

    /// <summary>The least that OWASP's Password Storage Cheat Sheet asks for: 19 MiB, two passes, one lane.</summary>
    public static Argon2Parameters Minimum { get; } = new(MemoryKiB: 19_456, Iterations: 2, Parallelism: 1);

    /// <summary>Whether the cost is one of the five that OWASP's Password Storage Cheat Sheet holds for equally strong, or above one: more passes make up for less memory.</summary>
    public bool MeetsMinimum => MemoryKiB >= Iterations switch { <= 1 => 47_104, 2 => 19_456, 3 => 12_288, 4 => 9_216, _ => 7_168 };

    /// <summary>True when a hash of this cost may be computed. RFC 9106 itself asks for 8 KiB per lane.</summary>
    public bool IsWithinBounds =>
        Parallelism is >= 1 and <= MaxParallelism
        && Iterations is >= 1 and <= MaxIterations
        && MemoryKiB >= 8 * Parallelism
        && MemoryKiB <= MaxMemoryKiB
        && (long)MemoryKiB * Iterations <= MaxWorkKiB;

    /// <summary>Throws when <see cref="IsWithinBounds"/> is false: for settings, where a bad value is a mistake to be told.</summary>
    public void Validate()
    {
        if (!IsWithinBounds)
        {
            throw new ArgumentException(
                $"Argon2id cannot run with m={MemoryKiB} KiB, t={Iterations}, p={Parallelism}: p is 1 to {MaxParallelism}, "
                + $"t is 1 to {MaxIterations}, m is 8 * p to {MaxMemoryKiB} KiB, and m * t is at most {MaxWorkKiB} KiB.");
        }
    }
}
