using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Cardea.Tests.House;

/// <summary>Every package is one that somebody decided for, of one version, with a hash that the repository holds.</summary>
public sealed partial class SupplyChainTests
{
    private static readonly IReadOnlyList<string> Projects =
    [
        .. new[] { "src", "tests", "bench" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(SourceTree.Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/')).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    [Fact]
    public void Every_dependency_has_its_line_in_the_decisions_with_version_and_licence()
    {
        var decided = Line().Matches(SourceTree.Read("docs/decisions/0011-dependencies.md")).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var pinned = Versions();

        Assert.True(pinned.Count > 15, $"Only {pinned.Count} packages were found.");
        Assert.Equal(pinned.OrderBy(package => package.Key, StringComparer.Ordinal), decided.Where(line => line.Key != "axe-core").OrderBy(package => package.Key, StringComparer.Ordinal));
        using var npm = JsonDocument.Parse(SourceTree.Read("tests/Cardea.Tests/Browser/package.json"));
        Assert.Equal(decided["axe-core"], npm.RootElement.GetProperty("dependencies").GetProperty("axe-core").GetString());
        Assert.Single(npm.RootElement.GetProperty("dependencies").EnumerateObject());
    }

    [Fact]
    public void Every_pinned_version_is_used_and_every_project_leaves_versions_to_the_one_list()
    {
        var used = Projects.SelectMany(project => XDocument.Parse(SourceTree.Read(project)).Descendants("PackageReference")).ToList();

        Assert.All(used, package => Assert.True(package.Attribute("Version") is null && package.Attribute("VersionOverride") is null, $"{package} names a version of its own."));
        Assert.Equal(Versions().Keys.Order(StringComparer.Ordinal), used.Select(package => package.Attribute("Include")!.Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_project_has_a_lock_file_whose_packages_all_have_a_hash()
    {
        Assert.True(Projects.Count >= 6, $"Only {Projects.Count} projects were found.");
        foreach (var project in Projects)
        {
            using var locked = JsonDocument.Parse(SourceTree.Read(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")));
            foreach (var package in locked.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(graph => graph.Value.EnumerateObject()).Where(package => package.Value.GetProperty("type").GetString() != "Project"))
            {
                Assert.True(package.Value.TryGetProperty("contentHash", out var hash) && Convert.FromBase64String(hash.GetString()!).Length == 64, $"{project}: {package.Name} has no hash.");
            }
        }
    }

    [Fact]
    public void Restoring_is_locked_and_a_known_vulnerability_ends_the_build()
    {
        var settings = XDocument.Parse(SourceTree.Read("Directory.Build.props")).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.All(
            new[] { "TreatWarningsAsErrors", "Deterministic", "RestorePackagesWithLockFile", "RestoreLockedMode", "NuGetAudit" },
            name => Assert.Equal(["true"], settings[name]));
        Assert.Equal(("all", "low"), (settings["NuGetAuditMode"].Single(), settings["NuGetAuditLevel"].Single()));
        Assert.DoesNotContain("NU190", string.Concat(settings["NoWarn"].Concat(settings["WarningsNotAsErrors"])), StringComparison.Ordinal);
        Assert.Contains("--locked-mode", SourceTree.Read("test.sh"), StringComparison.Ordinal);
        Assert.Contains("npm ci", SourceTree.Read("test.sh"), StringComparison.Ordinal);
        Assert.Contains("--locked-mode", SourceTree.Read("publish.sh"), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Versions() => XDocument.Parse(SourceTree.Read("Directory.Packages.props")).Descendants("PackageVersion")
        .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);

    /// <summary>Name, version, licence, reason: none of them empty.</summary>
    [GeneratedRegex(@"^\| ([A-Za-z][\w.-]*) \| (\d[\w.-]*) \| \S[^|]* \| \S[^|]* \|$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
