using System.Net;
using System.Text.Json;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>What the tests of import and export share: an import with its report read.</summary>
internal static class Moving
{
    public const string Password = "violet tractor lamp nine";

    public static Task<Moved> ImportAsync(this TestApp app, TestFolder folder, string file, params string[] options) => app.Database.ImportAsync(folder, file, options);

    public static async Task<Moved> ImportAsync(this TestDatabase database, TestFolder folder, string file, params string[] options)
    {
        var report = folder.File("report.jsonl");
        var ended = await database.CommandAsync("", ["import", file, "--report", report, .. options]);
        var rows = File.Exists(report) ? (await File.ReadAllLinesAsync(report)).Select(line => JsonDocument.Parse(line).RootElement).ToList() : [];
        return new(ended, rows);
    }

    /// <summary>It worked; standard error may tell how far it had come meanwhile.</summary>
    public static Ended Imported(this Ended ended)
    {
        Assert.True(ended.ExitCode == 0, $"Exit code {ended.ExitCode}: {ended.Error}{ended.Out}");
        Assert.Matches("^([0-9]+ rows …\\n)*$", ended.Error);
        return ended;
    }

    public static Actor NewActor(this TestApp app, string name, string email)
    {
        var actor = app.NewActor(name);
        actor.Email = email;
        return actor;
    }

    public static async Task SignsInAsync(this TestApp app, string email) => (await app.NewActor("moved", email).TrySignInAsync(Password)).Expect(HttpStatusCode.OK);

    /// <summary>A wrong password is refused, the right one signs in, and the hash is then one of ours.</summary>
    public static async Task SignsInAndIsRehashedAsync(this TestApp app, string email)
    {
        var actor = app.NewActor("moved", email);
        (await actor.TrySignInAsync("violet tractor lamp ten")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await actor.TrySignInAsync(Password)).Expect(HttpStatusCode.OK);
        Assert.StartsWith("$argon2id$v=19$m=1024,t=1,p=1$", await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = @email", new { email }), StringComparison.Ordinal);
        (await actor.TrySignInAsync(Password)).Expect(HttpStatusCode.OK);
    }
}

internal sealed record Moved(Ended Ended, IReadOnlyList<JsonElement> Rows)
{
    /// <summary>Row and outcome, with the reason and its detail where there are any: "3 skipped unknown_role editor".</summary>
    public IEnumerable<string> Outcomes => Rows.Select(row => string.Join(' ', new[] { row.GetProperty("row").ToString(), Text(row, "outcome"), Text(row, "reason"), Text(row, "detail") }.OfType<string>()));

    public Moved Worked()
    {
        Ended.Imported();
        return this;
    }

    public static string? Text(JsonElement row, string member) => row.TryGetProperty(member, out var value) ? value.GetString() : null;
}
