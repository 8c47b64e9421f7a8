using System.Globalization;
using System.Net;

namespace Cardea.Tests.Harness;

/// <summary>What somebody asks to be mailed, and reads in the mailbox.</summary>
public static class Mailed
{
    /// <summary>A code to sign in with, asked for over JSON.</summary>
    public static async Task<string> CodeAsync(this TestApp app, Actor actor)
    {
        (await actor.SendAsync(HttpMethod.Post, "/auth/code/send", new { email = actor.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
        return (await app.MailOfAsync(actor.Email, "Your code to sign in")).Code!;
    }

    /// <summary>The token of a link to sign in with, asked for over JSON.</summary>
    public static async Task<string> LinkAsync(this TestApp app, Actor actor)
    {
        (await actor.SendAsync(HttpMethod.Post, "/auth/link/send", new { email = actor.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
        return (await app.MailOfAsync(actor.Email, "Your link to sign in")).Token;
    }

    /// <summary>The code of a sign-in that waits for one.</summary>
    public static async Task<string> StepCodeAsync(this TestApp app, Actor actor) => (await app.MailOfAsync(actor.Email, "Your code to finish signing in")).Code!;

    /// <summary>The newest mail with this subject.</summary>
    public static async Task<TestMail> MailOfAsync(this TestApp app, string address, string subject) =>
        (await app.MailsToAsync(address)).FirstOrDefault(mail => mail.Subject == subject) ?? throw new InvalidOperationException($"No mail \"{subject}\" went to {address}.");

    public static async Task<int> CountMailsAsync(this TestApp app, string address, string subject) => (await app.MailsToAsync(address)).Count(mail => mail.Subject == subject);

    public static Task<Answer> TryCodeAsync(this Actor actor, string? code, string? email = null, bool? replace = null) =>
        actor.SendAsync(HttpMethod.Post, "/auth/code/login", Body(replace, ("email", email ?? actor.Email), ("code", code)), withToken: false);

    public static Task<Answer> TryLinkAsync(this Actor actor, string token, bool? replace = null) =>
        actor.SendAsync(HttpMethod.Post, "/auth/link/login", Body(replace, ("token", token)), withToken: false);

    /// <summary>A code that is not that one.</summary>
    public static string Other(string code, int number = 0) =>
        ((int.Parse(code, CultureInfo.InvariantCulture) + 1 + number) % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);

    public static string[] Amr(Answer tokens) => [.. Actor.Claims(tokens.Member("access_token")!).GetProperty("amr").EnumerateArray().Select(word => word.GetString()!)];

    private static Dictionary<string, object?> Body(bool? replace, params (string Name, string? Value)[] members)
    {
        var body = members.ToDictionary(member => member.Name, object? (member) => member.Value);
        if (replace is { } value)
        {
            body["replace"] = value;
        }

        return body;
    }
}
