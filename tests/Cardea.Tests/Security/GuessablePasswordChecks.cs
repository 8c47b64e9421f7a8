using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Passwords that a guesser tries first.</summary>
public sealed class GuessablePasswordChecks
{
    [Fact]
    public async Task PW_06_The_common_passwords_of_the_shipped_list_are_refused_at_sign_up_also_doubled()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var common = ShippedList().Take(3000).ToList();
        Assert.Equal(3000, common.Count);
        // Sign-ups from one address have a limit: every second doubled one stays below it.
        string[] tried = [.. common.Where(word => word.Length >= 8), .. common.Where((word, index) => word.Length >= 4 && index % 2 == 0).Select(word => word + word)];
        Assert.InRange(tried.Length, 1500, 2990);
        using var hashes = new HashesBegun(app);
        await Parallel.ForEachAsync(tried, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (password, _) =>
        {
            var actor = app.NewActor();
            actor.Password = password;
            var answer = await actor.TrySignUpAsync();
            Assert.True(answer is { Status: HttpStatusCode.BadRequest, Code: "validation_failed" }, $"{password}: {answer.Body}");
            Assert.Contains("guess", answer.Json.GetProperty("errors").GetProperty("password")[0].GetString());
        });
        Assert.Equal(0, hashes.Count);
    }

    [Fact]
    public async Task PW_06_Common_passwords_are_refused_at_change_and_reset_too_and_nothing_is_used_up()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await alice.PostAsync("/password/forgot", new { email = alice.Email });
        var token = (await app.LastMailToAsync(alice.Email)).Token;
        foreach (var common in ShippedList().Where(word => word.Length >= 8).Take(20))
        {
            (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = common })).Expect(HttpStatusCode.BadRequest, "validation_failed");
            (await alice.PostAsync("/password/reset", new { token, password = common })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        }

        (await alice.PostAsync("/password/reset", new { token, password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("wilhelmina@example.org")]
    [InlineData("wilhelmina123456789")]
    [InlineData("Wilhelmina2026!")]
    [InlineData("minkaminka99")]
    [InlineData("Zwetschgenberger1")]
    [InlineData("AdalindisZwetschgenberger")]
    [InlineData("cardea-cardea-1")]
    [InlineData("gatehouse2026")]
    [InlineData("login.gatehouse.example")]
    [InlineData("Portcullis123")]
    public async Task PW_07_A_password_made_of_the_accounts_names_or_the_servers_is_refused(string password)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("PublicUrl", "https://login.gatehouse.example"), ("Branding:Name", "Portcullis"));
        var answer = await app.NewActor().SendAsync(HttpMethod.Post, "/auth/signup", new
        {
            email = "wilhelmina@example.org",
            username = "minka",
            given_name = "Adalindis",
            family_name = "Zwetschgenberger",
            password,
        }, withToken: false);
        answer.Expect(HttpStatusCode.BadRequest, "validation_failed");
        Assert.True(answer.Json.GetProperty("errors").TryGetProperty("password", out _));
    }

    /// <summary>The estimator's own list, most common first.</summary>
    private static IEnumerable<string> ShippedList()
    {
        var assembly = typeof(Zxcvbn.Zxcvbn).Assembly;
        var name = assembly.GetManifestResourceNames().Single(resource => resource.EndsWith("passwords.lst", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        while (reader.ReadLine() is { } line)
        {
            yield return line.Trim();
        }
    }
}
