using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Hostile texts in every text that can be sent: stored whole, or refused, and never our fault.</summary>
public sealed class InTextTests
{
    private static readonly string[] Fields = ["given_name", "family_name", "username"];

    /// <summary>As JSON, since some of them can't be written otherwise.</summary>
    private static readonly string[] Odd =
    [
        "\"a\\u0000b\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udfff\"", "\"a\\udc00b\"", "\"\\u202eevil\"", "\"\\u202a\\u202b\\u202d\\u2066\\u2067\\u2068\\u2069\"", "\"a\\u2028b\"", "\"a\\u2029b\"",
        "\"\\ufeffa\"", "\"a\\u200bb\"", "\"\\u0001\"", "\"a\\r\\nb\"", "\"\\u001b[31mred\"", "\"\\u0085\"", "\"\\uffff\"", "\"\\ufdd0\"", "\"\\ud83d\\ude00\"", "\"e\\u0301\"", "\"\\u0130\\u0131\\u212a\"", "\"\\ue000\"",
        "\"" + new string('a', 100) + "\"", "\"" + new string('a', 101) + "\"", "\"" + new string('\u00e9', 100) + "\"", "\"" + string.Concat(Enumerable.Repeat("\\ud83d\\ude00", 50)) + "\"", "\"" + new string('\u0301', 99) + "\"",
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_05_Odd_characters_are_stored_whole_or_refused(Engine engine) => await StoreAsync(engine, Odd);

    [NaughtyTheory, OnSqlite, OnPostgres]
    public async Task IN_05_Naughty_strings_are_stored_whole_or_refused(Engine engine) => await StoreAsync(engine, Naughty.Strings.Select(text => JsonSerializer.Serialize(text)));

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_05_Odd_characters_in_any_member_of_any_door_are_never_our_fault(Engine engine) => await TryEverywhereAsync(engine, Odd);

    [NaughtyTheory, OnSqlite]
    public async Task IN_05_Naughty_strings_in_any_member_of_any_door_are_never_our_fault(Engine engine) =>
        await TryEverywhereAsync(engine, Naughty.Strings.Select(text => JsonSerializer.Serialize(text)), oneIn: 12);

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_07_A_username_is_nobodys_address_and_no_look_alike(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var victim = app.NewActor();
        victim.Username = "victim.one";
        await victim.SignUpAsync();
        var attacker = await (await app.NewActor().SignUpAsync()).SignInAsync();
        foreach (var name in new[]
        {
            victim.Email, victim.Email.ToUpperInvariant(), "victim＠example.org", "victim@localhost", "@victim", "victim@", "v\u0456ctim.one", "victim\u200b.one", "victim.one ", " victim.one", "vict\u0131m.one", "victim．one",
            "victim.one\n", "\u212aelvin", "ﬁnn", "ｖictim", "ab", new string('a', 33), "a b", "a/b", "a:b", "a'b", "..\\..", "\u202evictim",
        })
        {
            (await attacker.PatchAsync("/users/me", new { username = name })).ExpectProblem(name, HttpStatusCode.BadRequest);
            (await attacker.SendAsync(HttpMethod.Post, "/auth/signup", new { email = "x@example.org", password = attacker.Password, username = name }, withToken: false)).ExpectProblem(name, HttpStatusCode.BadRequest);
        }

        foreach (var name in new[] { "victim.one", "VICTIM.ONE", "Victim.One" })
        {
            (await attacker.PatchAsync("/users/me", new { username = name })).Expect(HttpStatusCode.Conflict, "username_taken");
            (await victim.TrySignInAsync(login: name)).Expect(HttpStatusCode.OK);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_08_SQL_in_any_member_path_or_query_is_a_text_like_another(Engine engine)
    {
        string[] injections =
        [
            "' OR '1'='1", "' OR 1=1--", "'; DROP TABLE accounts;--", "\" OR \"\"=\"", "') OR ('1'='1", "1; SELECT pg_sleep(5)--", "' AND (SELECT 1 FROM (SELECT SLEEP(5))x)--", "admin'--", "' UNION SELECT password_hash FROM accounts--",
            "'||(SELECT email FROM accounts LIMIT 1)||'", "%' OR '%'='", "\\'; SELECT 1;--", "x' AND randomblob(1000000000)--", "@id", ":id", "$1", "?", "'/**/OR/**/1=1#", "0x27204f5220313d31", "${7*7}", "{{7*7}}",
        ];
        await TryEverywhereAsync(engine, injections.Select(text => JsonSerializer.Serialize(text)), async (app, alice) =>
        {
            var before = await app.DumpSettledAsync();
            foreach (var text in injections.Select(Uri.EscapeDataString))
            {
                (await alice.DeleteAsync($"/sessions/{text}")).ExpectProblem(text, HttpStatusCode.NotFound);
                (await alice.GetAsync($"/sessions?order={text}&limit={text}&cursor={text}&sort={text}")).Expect(HttpStatusCode.OK);
                (await alice.GetAsync($"/users/me?id={text}")).Expect(HttpStatusCode.OK);
                Assert.Equal("[]", (await alice.GetAsync($"/dev/mail/messages?to={text}")).Expect(HttpStatusCode.OK).Body);
                Assert.True((int)(await alice.GetAsync($"/{text}")).Status is 404 or 400);
            }

            Assert.Equal(before, await app.DumpSettledAsync());
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        });
    }

    private static async Task StoreAsync(Engine engine, IEnumerable<string> texts)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        foreach (var json in texts)
        {
            foreach (var field in Fields)
            {
                var answer = await stranger.SendAsync("PATCH", "/users/me", $"{{\"{field}\":{json}}}", alice.AccessToken);
                if (answer.Status != HttpStatusCode.OK)
                {
                    answer.ExpectProblem($"{field}={json}", HttpStatusCode.BadRequest);
                    continue;
                }

                // White space around a name is not part of it, and no name is none.
                var sent = JsonSerializer.Deserialize<string>(json)!.Trim();
                Assert.Equal(sent.Length == 0 ? null : sent, answer.Member(field));
                Assert.Equal(sent.Length == 0 ? null : sent, (await alice.GetAsync("/users/me")).Member(field));
            }
        }
    }

    private static async Task TryEverywhereAsync(Engine engine, IEnumerable<string> texts, Func<TestApp, Actor, Task>? afterwards = null, int oneIn = 1)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var (all, turn) = (texts.ToList(), 0);
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var member in route.Members.Where(member => member.Value != typeof(bool?)).Select(member => member.Key))
            {
                // Each member gets another share, so that together they get all.
                var share = turn++;
                foreach (var json in all.Where((_, number) => (number - share) % oneIn == 0))
                {
                    var answer = await stranger.SendAsync(route, route.With(member, json), alice);
                    Assert.True((int)answer.Status < 500 || answer.Code == "overloaded", $"{route} {member}={json}: {answer.Body}");
                    if ((int)answer.Status >= 300)
                    {
                        answer.ExpectProblem($"{route} {member}={json}");
                    }
                }
            }
        }

        await (afterwards?.Invoke(app, alice) ?? Task.CompletedTask);
    }
}

/// <summary>The Big List of Naughty Strings, a third party's: its tests are skipped where it is not.</summary>
internal static class Naughty
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("CARDEA_TEST_VECTORS");

    public static string? WhyNot => string.IsNullOrEmpty(Folder) ? "Set CARDEA_TEST_VECTORS to a folder that contains blns/ to run this." : null;

    public static IReadOnlyList<string> Strings => JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(Path.Combine(Folder!, "blns", "blns.json")))!;
}

internal sealed class NaughtyTheoryAttribute : TheoryAttribute
{
    public NaughtyTheoryAttribute() => Skip = Naughty.WhyNot!;
}
