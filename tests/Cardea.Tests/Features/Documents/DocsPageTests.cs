using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Documents;

/// <summary>Swagger UI at <c>/docs</c>: somebody else's scripts on our origin, so only from our own files and nothing inline.</summary>
public sealed partial class DocsPageTests
{
    [Fact]
    public async Task HD_01_Docs_is_Swagger_UI_from_our_own_files_under_a_strict_policy()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var visitor = app.NewActor();
        var moved = await visitor.GetAsync("/docs");
        Assert.Equal(HttpStatusCode.MovedPermanently, moved.Status);
        var path = new Uri(new Uri(app.Address, "/docs"), moved.Header("Location")!).AbsolutePath;

        var page = (await visitor.GetAsync(path)).Expect(HttpStatusCode.OK);

        Assert.StartsWith("text/html", page.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains("<div id=\"swagger-ui\">", page.Body);
        foreach (var answer in new[] { moved, page, await visitor.GetAsync("/docs/nothing-here") })
        {
            var policy = answer.Header("Content-Security-Policy")!;
            Assert.Contains("default-src 'none'", policy);
            Assert.Contains("script-src 'self';", policy);
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("base-uri 'none'", policy);
            Assert.Contains("form-action 'none'", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.DoesNotContain("http", policy);
            Assert.DoesNotContain("*", policy);
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        }

        Assert.DoesNotMatch(InlineScript(), page.Body);
        var files = Source().Matches(page.Body).Select(match => match.Groups[1].Value).ToList();
        Assert.Contains(files, file => file.EndsWith("swagger-ui-bundle.js", StringComparison.Ordinal));
        foreach (var file in files)
        {
            Assert.DoesNotContain("//", file); // no other host
            (await visitor.GetAsync(new Uri(new Uri(app.Address, path), file).AbsolutePath)).Expect(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task It_shows_our_document()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);

        var script = (await app.NewActor().GetAsync("/docs/index.js")).Expect(HttpStatusCode.OK);

        Assert.Contains("/openapi/v1.json", script.Body);
        Assert.DoesNotContain("validator.swagger.io", script.Body);
    }

    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/index.html")]
    [InlineData("/docs/swagger-ui-bundle.js")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/openapi/v2.json")]
    public async Task HD_04_Docs_can_be_switched_off_altogether(string path)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Docs:Enabled", "false"));

        (await app.NewActor().GetAsync(path)).Expect(HttpStatusCode.NotFound, "not_found");
    }

    /// <summary>The document names a server by the public URL and never by what a client calls it.</summary>
    [Fact]
    public async Task HM_01_The_document_takes_no_host_from_the_request()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("PublicUrl", "https://id.example.org"));

        var answer = await app.NewActor().SendAsync(HttpMethod.Get, "/openapi/v1.json", change: request =>
        {
            request.Headers.Host = "localhost:4711";
            request.Headers.Add("X-Forwarded-Host", "evil.example");
        });

        answer.Expect(HttpStatusCode.OK);
        Assert.Equal("https://id.example.org", answer.Json.GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.DoesNotContain("evil.example", answer.Body);
        Assert.DoesNotContain("4711", answer.Body);
    }

    [GeneratedRegex("<script(?![^>]*\\ssrc=)|<style|\\son\\w+=|\\sstyle=")]
    private static partial Regex InlineScript();

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Source();
}
