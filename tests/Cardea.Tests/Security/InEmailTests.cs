using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class InEmailTests
{
    private static readonly string[] Hostile =
    [
        "", " ", "a", "@", "a@", "@example.org", "a@b", "a@@example.org", "a@example.org@example.net", "a@example.org,b@example.net", "a@example.org;b@example.net", "a@example.org b@example.net",
        "a@example.org\nb@example.net", "a@example.org\r\nBcc: b@example.net", "a@example.org\0", "a\0@example.org", "\"a\"@example.org", "\"a b\"@example.org", "\"a@evil.example\"@example.org",
        "\"a\\\"@evil.example>\r\nRCPT TO:<b@evil.example>\"@example.org", "a(comment)@example.org", "(c)a@example.org", "a@(c)example.org", "a@example.org(c)", "A <a@example.org>", "<a@example.org>", "<a@example.org",
        "a@example.org>", "mailto:a@example.org", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@1.2", "a@localhost", "a@example..org", "a@.example.org", "a@example.org.", "a@-example.org", "a@example-.org",
        "a@exam_ple.org", "a@example.org/", "a@example.org?x", "a@example.org#x", "a@example.org:25", "a@example%2eorg", "a%40evil.example@", ".a@example.org", "a.@example.org", "a..b@example.org", " a@example.org",
        "a@example.org ", "a @example.org", "a@ example.org", "a\t@example.org", "a\u00a0@example.org", "a\u200b@example.org", "\u202ea@example.org", "a\uff20example.org", "victim\uff20example.org@evil.example",
        "a\ufe6bexample.org", "\u212aelvin@example.org", "\u0131@example.org", "a\u0301@example.org", "\u0430@example.org", "ａ@example.org", "a@xn--a.example", "a@xn--.example", "a@\ud800.org", "a@example.org\u2028", "a!evil.example@",
        "a@example,org", "a:b@example.org", "a\\@example.org", "a@exam\\ple.org", "a@example.org\u0000.evil.example", "a@" + "b.", "a@" + "x.123",
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_06_What_is_not_one_plain_address_is_refused_at_every_door_and_nothing_is_mailed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var before = await app.DumpSettledAsync();
        foreach (var route in JsonRoute.WithBody(app).Where(route => route.Members.ContainsKey("email")))
        {
            foreach (var address in Hostile.Append("a@" + new string('b', 64) + ".org").Append(new string('a', 65) + "@example.org").Append("a@" + string.Concat(Enumerable.Repeat("b.", 130)) + "org"))
            {
                var answer = await stranger.SendAsync(route, route.With("email", System.Text.Json.JsonSerializer.Serialize(address)), alice);
                answer.ExpectProblem($"{route} {address}", HttpStatusCode.BadRequest);
                Assert.True(answer.Json.GetProperty("errors").TryGetProperty("email", out _), $"{route} {address}: {answer.Body}");
            }
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_06_All_spellings_of_one_mailbox_are_one_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var groups = new[]
        {
            ("kelvin@example.org", new[] { "KELVIN@EXAMPLE.ORG", "Kelvin@Example.Org", "kelvin@\uff45xample.org", "kelvin@example\u3002org", "kelvin@example\uff0eorg", "kelvin@exa\u200bmple.org" }),
            ("info@xn--bcher-kva.example", new[] { "info@b\u00fccher.example", "info@BU\u0308CHER.example", "info@bu\u0308cher.example", "INFO@B\u00dcCHER.EXAMPLE", "info@XN--BCHER-KVA.example" }),
        };
        foreach (var (canonical, spellings) in groups)
        {
            var owner = app.NewActor();
            owner.Email = spellings[1];
            await owner.SignUpAsync();
            await owner.SignInAsync();
            Assert.Equal(canonical, (await owner.GetAsync("/users/me")).Member("email"));
            Assert.Single(await app.MailsToAsync(canonical));
            foreach (var spelling in spellings.Append(canonical))
            {
                (await owner.SendAsync(HttpMethod.Post, "/auth/signup", new { email = spelling, password = owner.Password }, withToken: false)).Expect(HttpStatusCode.Conflict, "email_taken");
                (await owner.TrySignInAsync(login: spelling)).Expect(HttpStatusCode.OK);
            }
        }

        Assert.Equal(2, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_06_Mail_goes_to_the_stored_address_whatever_spelling_asked_for_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var owner = app.NewActor();
        owner.Email = "info@xn--bcher-kva.example";
        await owner.SignUpAsync();
        // Neighbours that a careless comparison would take for the same: other letters, tags and dots are other mailboxes.
        foreach (var near in new[] { "info+x@b\u00fccher.example", "in.fo@b\u00fccher.example", "info@bucher.example", "info@b\u00fcch\u0435r.example" })
        {
            (await owner.PostAsync("/password/forgot", new { email = near })).Expect(HttpStatusCode.Accepted);
        }

        (await owner.PostAsync("/password/forgot", new { email = "INFO@B\u00dcCHER.example" })).Expect(HttpStatusCode.Accepted);
        await app.PumpAsync();
        Assert.Equal(["info@xn--bcher-kva.example", "info@xn--bcher-kva.example"], await app.Database.QueryAsync<string>("SELECT recipient FROM outbox"));
    }
}
