using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Cardea.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Browser;

/// <summary>
/// A person before a browser. What they see is asked for by the words and roles on the page; what a good page must never do (ask another
/// host, say an error on the console, allow inline code) is watched all the while and told at the end.
/// </summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentDictionary<string, int> _refused = new();

    public Visitor(TestApp app, IBrowserContext context, IPage page)
    {
        (App, _context, Page) = (app, context, page);
        context.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(app.Address.ToString(), StringComparison.Ordinal) && request.Url != "about:blank")
            {
                _faults.Enqueue("asked for " + request.Url);
            }
        };
        page.Response += (_, response) => Watch(response);
        page.PageError += (_, error) => _faults.Enqueue("script: " + error);
        page.Console += (_, message) =>
        {
            // The browser itself says so of every page whose status is 400 or more.
            if (message.Type == "error" && !(message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal) && _refused.Keys.Any(url => message.Location.StartsWith(url, StringComparison.Ordinal))))
            {
                _faults.Enqueue($"console: {message.Text} at {message.Location}");
            }
        };
    }

    public TestApp App { get; }

    public IPage Page { get; }

    public IBrowserContext Context => _context;

    public ILocator Main => Page.Locator("main");

    public ILocator Flash => Page.Locator("main .flash");

    public string Path => new Uri(Page.Url).PathAndQuery;

    public Task GoAsync(string path) => Page.GotoAsync(path);

    public Task TypeAsync(string field, string text) => Page.Locator("#" + field).FillAsync(text);

    public Task<string> TypedAsync(string field) => Page.Locator("#" + field).InputValueAsync();

    /// <summary>Presses a button by its words.</summary>
    public Task PressAsync(string words) => Main.GetByRole(AriaRole.Button, new() { Name = words, Exact = true }).ClickAsync();

    public Task FollowAsync(string words) => Page.GetByRole(AriaRole.Link, new() { Name = words, Exact = true }).First.ClickAsync();

    public Task ExpectAtAsync(string path) => Expect(Page).ToHaveURLAsync(new Regex("^" + Regex.Escape(App.Address.ToString().TrimEnd('/') + path) + @"(\?.*)?$"));

    public Task ExpectFlashAsync(string text) => Expect(Flash).ToContainTextAsync(text);

    public Task ExpectErrorAsync(string field, string text) => Expect(Page.Locator($"#{field}-error")).ToContainTextAsync(text);

    /// <summary>Signs in on the page that is open when it is the sign-in page, and opens it otherwise.</summary>
    public async Task SignInAsync(string login, string password)
    {
        if (!Page.Url.Contains("/login", StringComparison.Ordinal))
        {
            await GoAsync("/login");
        }

        await TypeAsync("login", login);
        await TypeAsync("password", password);
        await PressAsync("Sign in");
    }

    /// <summary>Signs in whatever the button is called.</summary>
    public async Task SignInAnyLanguageAsync(string login, string password)
    {
        await GoAsync("/login");
        await TypeAsync("login", login);
        await TypeAsync("password", password);
        await LeaveAsync(() => Main.Locator("form[action='/login'] button.block").ClickAsync());
    }

    /// <summary>Does what leads to another page, and waits for it.</summary>
    public async Task LeaveAsync(Func<Task> act)
    {
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Done(object? sender, IPage page) => loaded.TrySetResult();
        Page.DOMContentLoaded += Done;
        try
        {
            await act();
            await loaded.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
        finally
        {
            Page.DOMContentLoaded -= Done;
        }
    }

    /// <summary>Opens the newest mail to somebody with a link to a path in the mailbox, and follows the link.</summary>
    public async Task FollowMailAsync(string recipient, string path)
    {
        await OpenMailAsync(recipient, $"a[href*='{path}?token=']");
        await Page.Locator($"main a.button[href*='{path}']").ClickAsync();
        await ExpectAtAsync(path);
    }

    /// <summary>Opens the newest mail to somebody that shows something in the mailbox.</summary>
    public async Task OpenMailAsync(string recipient, string shows)
    {
        await GoAsync("/dev/mail");
        var row = Page.Locator("main li").Filter(new() { HasText = recipient, Has = Page.Locator(shows) }).First;
        await row.Locator("strong a").ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex("/dev/mail/[^/]+$"));
    }

    /// <summary>Fails when anything was seen that no page may do.</summary>
    public void ExpectNoFault() => Assert.True(_faults.IsEmpty, string.Join("\n", _faults));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private void Watch(IResponse response)
    {
        if (response.Status >= 400)
        {
            _refused[response.Url] = response.Status;
        }

        if (response.Request.IsNavigationRequest && response.Frame == Page.MainFrame && response.Status is 200 or >= 400)
        {
            var policy = response.Headers.GetValueOrDefault("content-security-policy", "");
            if (!policy.Contains("default-src 'none'", StringComparison.Ordinal) || policy.Contains("unsafe-", StringComparison.Ordinal) || policy.Contains("data:", StringComparison.Ordinal))
            {
                _faults.Enqueue($"policy of {response.Url}: {policy}");
            }
        }
    }
}
