using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

internal static class Argon2Machine
{
    internal static IEnumerable<Argon2Kernel> RunnableKernels => Enum.GetValues<Argon2Kernel>().Where(Argon2id.IsSupported);

    /// <summary>The kernels this machine runs, by name: test methods are public and the type is not.</summary>
    internal static TheoryData<string> Kernels =>
        [.. RunnableKernels.Select(kernel => kernel.ToString())];

    internal static byte[] Derive(Argon2Input input, int tagBytes, Argon2Kernel kernel)
    {
        using var arena = new Argon2Arena();
        var tag = new byte[tagBytes];
        Argon2id.Derive(input, tag, arena, kernel);
        return tag;
    }
}
