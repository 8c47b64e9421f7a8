using System.Net;
using System.Text.RegularExpressions;
using Cardea.Crypto.Otp;
using Cardea.Crypto.Text;

namespace Cardea.Tests.Harness;

/// <summary>An authenticator app on somebody's phone, whose clock is the test's. It waits for the next code rather than show one twice.</summary>
public sealed partial class Authenticator(TestApp app, string secret)
{
    private readonly TotpSecret _secret = Base32Text.TryDecode(secret, out var bytes) ? TotpSecret.From(bytes) : throw new ArgumentException("Not base32.", nameof(secret));
    private long _shown;

    /// <summary>As it was scanned.</summary>
    public string Secret => secret;

    /// <summary>The recovery codes that came with it.</summary>
    public IReadOnlyList<string> RecoveryCodes { get; private set; } = [];

    /// <summary>A code that has not been shown before; the clock moves on when it must.</summary>
    public string NextCode()
    {
        while (TotpSecret.StepAt(app.Clock.GetUtcNow()) <= _shown)
        {
            app.Clock.Advance(TotpSecret.Step);
        }

        _shown = TotpSecret.StepAt(app.Clock.GetUtcNow());
        return CodeAt(0);
    }

    /// <summary>The code of a step before or after the current one.</summary>
    public string CodeAt(int steps) => _secret.CodeAt(TotpSecret.StepAt(app.Clock.GetUtcNow()) + steps);

    /// <summary>A code that is none of those that would be taken.</summary>
    public string WrongCode() => Enumerable.Range(0, 10).Select(i => $"{i}{i}{i}{i}{i}{i}").First(code => Enumerable.Range(-3, 7).All(steps => CodeAt(steps) != code));

    /// <summary>Sets one up for an account that is signed in.</summary>
    public static async Task<Authenticator> SetUpAsync(TestApp app, Actor actor)
    {
        var begun = (await actor.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        var authenticator = new Authenticator(app, begun.Json.GetProperty("secret").GetString()!);
        var confirmed = (await actor.PostAsync("/users/me/totp/confirm", new { code = authenticator.NextCode() })).Expect(HttpStatusCode.OK);
        authenticator.RecoveryCodes = [.. confirmed.Json.GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!)];
        return authenticator;
    }

    /// <summary>Sets one up on the pages, for a browser that is signed in or must set one up to be.</summary>
    /// <param name="keep">Says that the recovery codes are kept, which goes on with what was begun.</param>
    public static async Task<Authenticator> SetUpAsync(TestApp app, PageActor browser, bool keep = true)
    {
        const string Path = "/account/security/authenticator";
        (await browser.PostAsync(Path)).Expect(HttpStatusCode.SeeOther);
        var page = (await browser.GetAsync(Path)).Expect(HttpStatusCode.OK);
        var authenticator = On(app, page);
        var shown = (await browser.PostAsync(Path + "/confirm", page.Token, [("code", authenticator.NextCode())])).Expect(HttpStatusCode.SeeOther).Location!;
        authenticator.RecoveryCodes = CodesOn((await browser.GetAsync(shown)).Expect(HttpStatusCode.OK));
        if (keep)
        {
            (await browser.PostAsync(shown + "/kept")).Expect(HttpStatusCode.SeeOther);
        }

        return authenticator;
    }

    /// <summary>One that has the secret which a page shows.</summary>
    public static Authenticator On(TestApp app, Page page) => new(app, SecretOn().Match(page.Html).Groups[1].Value.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>The same phone with another secret.</summary>
    public Authenticator With(string another) => new(app, another);

    /// <summary>The recovery codes that a page shows.</summary>
    public static IReadOnlyList<string> CodesOn(Page page) => [.. CodeOn().Matches(page.Html).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("<code>([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})</code>")]
    private static partial Regex SecretOn();

    [GeneratedRegex("<li><code>([a-z1-9-]{19})</code></li>")]
    private static partial Regex CodeOn();
}
