using Cardea.Foundation.Settings;

namespace Cardea.Features.Shared;

/// <summary>How the pages and mails look.</summary>
public sealed record Branding
{
    public string Name { get; init; } = "Cardea";

    /// <summary>An SVG, PNG or WebP file that the pages show; null for the built-in mark.</summary>
    public string? LogoPath { get; init; }

    /// <summary>Buttons and links, as <c>#rrggbb</c>.</summary>
    public string AccentColor { get; init; } = "#2f5bd7";

    public string FooterNote { get; init; } = "";

    /// <summary>A stylesheet that comes after ours; null for none.</summary>
    public string? StylesheetPath { get; init; }

    internal static Branding Read(SettingsReader settings)
    {
        var branding = new Branding();
        branding = new()
        {
            Name = settings.Text("Branding:Name", branding.Name, "the name on pages and mails, at most 60 characters")!,
            LogoPath = settings.Text("Branding:LogoPath", meaning: "an SVG, PNG or WebP file shown in place of the built-in mark"),
            AccentColor = settings.Text("Branding:AccentColor", branding.AccentColor, "the colour of buttons and links, as `#rrggbb`")!,
            FooterNote = settings.Text("Branding:FooterNote", "", "a line at the foot of pages and mails, at most 200 characters")!,
            StylesheetPath = settings.Text("Branding:StylesheetPath", meaning: "a stylesheet that is loaded after the built-in one; pictures (SVG, PNG, WebP) and fonts (WOFF2) that it names and that lie beside it are served too"),
        };
        Check(settings, branding);
        return branding;
    }

    private static void Check(SettingsReader settings, Branding branding)
    {
        if (branding.Name.Length > 60 || branding.Name.Any(char.IsControl))
        {
            settings.Fault("Branding:Name", branding.Name, "allowed is a name of at most 60 characters");
        }

        if (branding.FooterNote.Length > 200 || branding.FooterNote.Any(char.IsControl))
        {
            settings.Fault("Branding:FooterNote", branding.FooterNote, "allowed is one line of at most 200 characters");
        }

        if (branding.AccentColor is not ['#', .. { Length: 6 } digits] || !digits.All(char.IsAsciiHexDigit))
        {
            settings.Fault("Branding:AccentColor", branding.AccentColor, "allowed is a colour such as #2f5bd7");
        }

        foreach (var (key, path) in new[] { ("Branding:LogoPath", branding.LogoPath), ("Branding:StylesheetPath", branding.StylesheetPath) })
        {
            if (path is not null && !File.Exists(path))
            {
                settings.Fault(key, path, "needed is a file that exists");
            }
        }
    }
}
