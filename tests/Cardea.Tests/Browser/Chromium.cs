using Cardea.Tests.Harness;
using Cardea.Tests.House;
using Microsoft.Playwright;

namespace Cardea.Tests.Browser;

/// <summary>The system's Chromium, started once for all tests that drive a browser; nothing is downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public const string Collection = "Chromium";

    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/google-chrome"];

    // Sandbox: containers that run as root have none. The rest: nothing that talks to anybody but the server under test.
    private static readonly string[] Switches =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static string? Program => Array.Find(Places, File.Exists);

    public static string AxePath => Path.Combine(SourceTree.Root, "tests/Cardea.Tests/Browser/node_modules/axe-core/axe.min.js");

    public static string? WhyNot => Program is null ? "Chromium is not installed (Debian: apt-get install chromium)" : null;

    public static string? WhyNoAxe => WhyNot ?? (File.Exists(AxePath) ? null : "axe-core is absent: ./test.sh fetches it by npm ci in tests/Cardea.Tests/Browser");

    public async Task InitializeAsync()
    {
        if (Program is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Switches });
        Assertions.SetDefaultExpectTimeout(10_000); // a busy machine is no failure
    }

    /// <summary>Somebody with a browser of their own, in English unless said otherwise.</summary>
    public async Task<Visitor> VisitAsync(TestApp app, bool script = true, Action<BrowserNewContextOptions>? change = null)
    {
        var options = new BrowserNewContextOptions
        {
            BaseURL = app.Address.ToString(),
            JavaScriptEnabled = script,
            Locale = "en-GB",
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new() { Width = 1280, Height = 900 },
        };
        change?.Invoke(options);
        var context = await _browser!.NewContextAsync(options);
        context.SetDefaultTimeout(30_000);
        return new Visitor(app, context, await context.NewPageAsync());
    }

    public async Task DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
    }
}

[CollectionDefinition(Chromium.Collection)]
public sealed class ChromiumCollection : ICollectionFixture<Chromium>;

/// <summary>A fact in a real browser; skipped with the reason where there is none.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Chromium.WhyNot!;
}

/// <summary>A theory in a real browser; skipped with the reason where there is none.</summary>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Chromium.WhyNot!;
}

/// <summary>A theory that lets axe look at pages; skipped with the reason where it or the browser is absent.</summary>
public sealed class AxeTheoryAttribute : TheoryAttribute
{
    public AxeTheoryAttribute() => Skip = Chromium.WhyNoAxe!;
}
