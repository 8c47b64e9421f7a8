using System.Net;
using Cardea.Crypto.Otp;
using Cardea.Crypto.Text;

namespace Cardea.Tests.Harness;

/// <summary>An authenticator app on somebody's phone, whose clock is the test's. It waits for the next code rather than show one twice.</summary>
public sealed class Authenticator(TestApp app, string secret)
{
    private readonly TotpSecret _secret = Base32Text.TryDecode(secret, out var bytes) ? TotpSecret.From(bytes) : throw new ArgumentException("Not base32.", nameof(secret));
    private long _shown;

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
}
