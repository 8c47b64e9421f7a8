using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Shared;

/// <summary>An operator's name, logo, colour, footer and stylesheet are on the pages, and nothing else of the operator's disk.</summary>
public sealed partial class BrandingTests : IDisposable
{
    private static readonly byte[] Picture = [0x89, 0x50, 0x4e, 0x47, 1, 2, 3];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_operators_brand_is_on_every_page()
    {
        var (logo, sheet) = (_folder.File("mark.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), _folder.File("house.css", "main { border: 0 }"));
        await using var app = await TestApp.StartAsync(
            Engine.Sqlite, ("Branding:Name", "Öffi & Söhne"), ("Branding:FooterNote", "Made <here>"), ("Branding:AccentColor", "#ffee00"), ("Branding:LogoPath", logo), ("Branding:StylesheetPath", sheet));
        foreach (var path in new[] { "/login", "/register", "/nowhere" })
        {
            var page = await new PageActor(app).GetAsync(path);
            Assert.Contains("· Öffi &amp; Söhne</title>", Decoded(page), StringComparison.Ordinal);
            Assert.Contains("Made &lt;here&gt;", page.Html, StringComparison.Ordinal);
            var sheets = Sheets().Matches(page.Html).Select(match => match.Groups[1].Value.Split('?')[0]).ToList();
            Assert.Equal(["/assets/cardea.css", "/assets/brand.css", "/assets/custom.css"], sheets);
            Assert.Contains("<img src=\"/assets/logo?v=", page.Html, StringComparison.Ordinal);
        }

        Assert.Equal("main { border: 0 }", await app.Http.GetStringAsync(new Uri("/assets/custom.css", UriKind.Relative)));
        var brand = await app.Http.GetStringAsync(new Uri("/assets/brand.css", UriKind.Relative));
        Assert.Contains("--accent: #ffee00; --on-accent: #101216;", brand, StringComparison.Ordinal); // nobody reads white on yellow
        using var shown = await app.Http.GetAsync(new Uri("/assets/logo", UriKind.Relative));
        Assert.Equal("image/svg+xml", shown.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task What_the_stylesheet_names_and_lies_beside_it_is_served_and_nothing_else_of_its_folder()
    {
        await File.WriteAllBytesAsync(_folder.File("ground.png"), Picture);
        await File.WriteAllBytesAsync(_folder.File("house.woff2"), Picture);
        await File.WriteAllBytesAsync(_folder.File("unnamed.png"), Picture);
        _folder.File("secret.key", "secret");
        _folder.File("cardea.js", "theirs");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "in"));
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "in", "inner.png"), Picture);
        var sheet = _folder.File("house.css", """
            body { background: url(ground.png) }
            @font-face { font-family: House; src: url( "house.woff2" ) }
            i { background: url(secret.key), url('in/inner.png'), url(../../etc/passwd), url(/etc/hostname.png), url(absent.png), url(cardea.js) }
            """);
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Branding:StylesheetPath", sheet));
        foreach (var (name, type) in new[] { ("ground.png", "image/png"), ("house.woff2", "font/woff2") })
        {
            using var answer = await app.Http.GetAsync(new Uri("/assets/" + name, UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
            Assert.Equal(Picture, await answer.Content.ReadAsByteArrayAsync());
        }

        foreach (var name in new[] { "unnamed.png", "secret.key", "in/inner.png", "in%2finner.png", "inner.png", "absent.png", "passwd", "hostname.png", "house.css", "..%2fsecret.key" })
        {
            using var answer = await app.Http.GetAsync(new Uri("/assets/" + name, UriKind.Relative));
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{name}: {answer.StatusCode}");
        }

        Assert.DoesNotContain("theirs", await app.Http.GetStringAsync(new Uri("/assets/cardea.js", UriKind.Relative)), StringComparison.Ordinal);
    }

    private static string Decoded(Page page) => page.Html.Replace("&#xD6;", "Ö", StringComparison.Ordinal).Replace("&#xF6;", "ö", StringComparison.Ordinal);

    [GeneratedRegex("<link rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex Sheets();
}
