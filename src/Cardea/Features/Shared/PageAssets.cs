using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Cardea.Features.Shared;

/// <summary>A file of the pages.</summary>
public sealed record PageAsset(byte[] Content, string Type)
{
    public string Version { get; } = Convert.ToHexStringLower(SHA256.HashData(Content).AsSpan(0, 6));
}

/// <summary>
/// The stylesheet, scripts and icons from inside the program, and the operator's own. Their addresses carry a hash of what they hold, so they
/// may be kept for a year and are never stale.
/// </summary>
public sealed partial class PageAssets
{
    public const string Path = "/assets/";
    private const string Prefix = "Cardea.Assets.";

    private readonly FrozenDictionary<string, PageAsset> _files;

    public PageAssets(Branding branding)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..], name => new PageAsset(Read(assembly.GetManifestResourceStream(name)!), TypeOf(name)));
        files["brand.css"] = new(Encoding.UTF8.GetBytes(BrandSheet(branding.AccentColor)), TypeOf("brand.css"));
        foreach (var (name, path) in new[] { ("logo", branding.LogoPath), ("custom.css", branding.StylesheetPath) })
        {
            if (path is not null)
            {
                files[name] = new(File.ReadAllBytes(path), TypeOf(path));
            }
        }

        foreach (var (name, path) in Beside(branding.StylesheetPath))
        {
            files.TryAdd(name, new(File.ReadAllBytes(path), TypeOf(path)));
        }

        _files = files.ToFrozenDictionary();
    }

    public string Url(string name) => $"{Path}{name}?v={_files[name].Version}";

    public PageAsset? Find(string name) => _files.GetValueOrDefault(name);

    /// <summary>
    /// Pictures and fonts that the operator's stylesheet names and that lie beside it. Only those: the folder may hold what is nobody's business,
    /// and a name with a path in it leads out of it.
    /// </summary>
    private static IEnumerable<(string Name, string Path)> Beside(string? stylesheet) => stylesheet is null ? [] :
        from match in Named().Matches(File.ReadAllText(stylesheet))
        let name = match.Groups[1].Value
        let path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(stylesheet))!, name)
        where File.Exists(path)
        select (name, path);

    [GeneratedRegex("""url\(\s*["']?([A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:svg|png|webp|woff2))["']?\s*\)""", RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    private static byte[] Read(Stream stream)
    {
        using var copy = new MemoryStream();
        using (stream)
        {
            stream.CopyTo(copy);
        }

        return copy.ToArray();
    }

    private static string TypeOf(string name) => System.IO.Path.GetExtension(name).ToLowerInvariant() switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".webp" => "image/webp",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };

    /// <summary>Text on the accent is white or near black, whichever can be read; where the accent is text, it is moved until it can be read.</summary>
    private static string BrandSheet(string accent)
    {
        var color = Color.Parse(accent);
        return $$"""
            :root { --accent: {{color}}; --on-accent: {{color.TextOn()}}; --accent-text: {{color.ReadableOn(Color.White)}}; }
            @media (prefers-color-scheme: dark) { :root { --accent-text: {{color.ReadableOn(Color.Night)}}; } }

            """;
    }
}
