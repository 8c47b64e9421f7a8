using System.Text.Json;
using Xunit;

namespace Cardea.Crypto.Tests.Harness;

/// <summary>Where published test vectors are. Ours (facts from RFCs) lie beside the tests; third-party suites stay outside the project, in the
/// folder that <c>CARDEA_TEST_VECTORS</c> names, and their tests are skipped without it.</summary>
internal static class TestVectors
{
    public const string Variable = "CARDEA_TEST_VECTORS";

    private static readonly string? Folder = Environment.GetEnvironmentVariable(Variable);

    public static string? SkipReason =>
        string.IsNullOrEmpty(Folder) ? $"Set {Variable} to a folder that contains wycheproof/ to run this." : null;

    public static JsonElement OfRfc(string file) => Read(Path.Combine(AppContext.BaseDirectory, "Vectors", file));

    public static JsonElement OfWycheproof(string file) => Read(Path.Combine(Folder!, "wycheproof", file));

    /// <summary>Every test of a Wycheproof file with the group it belongs to.</summary>
    public static IEnumerable<(JsonElement Group, JsonElement Test)> WycheproofTests(string file) =>
        from test in OfWycheproof(file).GetProperty("testGroups").EnumerateArray()
        from one in test.GetProperty("tests").EnumerateArray()
        select (test, one);

    public static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    public static string? TextOrNull(this JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) ? value.GetString() : null;

    public static byte[] Hex(this JsonElement element, string member) => Convert.FromHexString(element.Text(member));

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }
}

/// <summary>A fact that needs third-party vectors; skipped with a reason where they are not.</summary>
internal sealed class VectorFactAttribute : FactAttribute
{
    public VectorFactAttribute() => Skip = TestVectors.SkipReason;
}

/// <summary>A theory that needs third-party vectors; skipped with a reason where they are not.</summary>
internal sealed class VectorTheoryAttribute : TheoryAttribute
{
    public VectorTheoryAttribute() => Skip = TestVectors.SkipReason;
}
