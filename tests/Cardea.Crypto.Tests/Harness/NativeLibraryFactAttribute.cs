using System.Runtime.InteropServices;
using Xunit;

namespace Cardea.Crypto.Tests.Harness;

/// <summary>A fact that needs a native library as an independent judge, and is skipped, with the reason, where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NativeLibraryFactAttribute : FactAttribute
{
    public NativeLibraryFactAttribute(string library)
    {
        Library = library;
        if (!NativeLibrary.TryLoad(library, out _))
        {
            Skip = $"{library} is not installed on this machine.";
        }
    }

    public string Library { get; }
}
