using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Admin;

/// <summary>What an administrator does to accounts, by JSON.</summary>
public sealed class AdminAccountsTests
{
    private const string Users = "/api/admin/users";

    [Theory, OnSqlite, OnPostgres]
    public async Task A_listing_is_paged_newest_first_and_misses_and_repeats_nobody(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var made = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            made.Add((await app.NewActor().SignUpAsync()).Id!);
        }

        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            var page = (await root.GetAsync($"{Users}?limit=3{(cursor is null ? "" : "&cursor=" + cursor)}")).Expect(HttpStatusCode.OK).Json;
            seen.AddRange(Ids(page));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(Enumerable.Reverse(made).Append(root.Id), seen);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_account_is_found_by_any_part_of_what_names_it_also_after_a_change(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = (await root.PostAsync(Users, new { email = "Carol.Quince@Example.org", username = "The-Quail", given_name = "Ottilie", family_name = "O'Brien_%!" })).Expect(HttpStatusCode.Created).Member("id")!;
        foreach (var part in new[] { "carol", "QUINCE@ex", "quail", "ttil", "O'Brien_%!", "_%!", carol[8..20], "ca" })
        {
            Assert.Equal([carol], Ids((await root.GetAsync($"{Users}?query={Uri.EscapeDataString(part)}")).Expect(HttpStatusCode.OK).Json));
        }

        Assert.Empty(Ids((await root.GetAsync(Users + "?query=nobody-at-all")).Json));
        Assert.Empty(Ids((await root.GetAsync(Users + "?query=" + Uri.EscapeDataString("%%%"))).Json));
        (await root.PatchAsync($"{Users}/{carol}", new { family_name = "Zephyr" })).Expect(HttpStatusCode.OK);
        Assert.Equal([carol], Ids((await root.GetAsync(Users + "?query=zephyr")).Json));
        Assert.Empty(Ids((await root.GetAsync(Users + "?query=brien")).Json));
        (await root.PostAsync($"{Users}/{carol}/disable")).Expect(HttpStatusCode.OK);
        Assert.Equal([carol], Ids((await root.GetAsync(Users + "?status=disabled&query=quail")).Json));
        Assert.Equal([root.Id], Ids((await root.GetAsync(Users + "?role=admin&status=active")).Json));
        (await root.DeleteAsync($"{Users}/{carol}")).Expect(HttpStatusCode.OK);
        Assert.Empty(Ids((await root.GetAsync(Users + "?query=zephyr")).Json));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_name_of_any_script_is_found_however_its_letters_are_cased_also_among_many(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var zofie = (await root.PostAsync(Users, new { email = "zofie@example.org", given_name = "Žofie", family_name = "Öztürk \"Öz\" 李小龙" })).Expect(HttpStatusCode.Created).Member("id")!;
        string[] parts = ["öztürk", "ÖZTÜRK", "Öztürk", "žof", "李小龙", "\"öz\"", "k \"Ö", zofie, zofie[4..]];
        foreach (var part in parts)
        {
            Assert.Equal([zofie], Ids((await root.GetAsync($"{Users}?query={Uri.EscapeDataString(part)}")).Expect(HttpStatusCode.OK).Json));
        }

        Assert.Empty(Ids((await root.GetAsync($"{Users}?query={Uri.EscapeDataString("øztørk")}")).Json));

        // So many of one name that they are met by walking back from the newest, not looked up.
        await app.Database.ExecuteAsync(
            """
            WITH RECURSIVE numbers (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM numbers WHERE n < 12100)
            INSERT INTO accounts (id, email, family_name, created_at, disabled_at) SELECT 'f' || n || '000000000000000000000000aa', 'many' || n || '@example.net', 'Öztürk', 0, CASE WHEN n % 1000 = 7 THEN 1 END FROM numbers
            """);
        foreach (var part in new[] { "öztürk", "ÖZTÜRK", "example.net", "many1" })
        {
            var found = Ids((await root.GetAsync($"{Users}?limit=200&query={Uri.EscapeDataString(part)}")).Expect(HttpStatusCode.OK).Json).ToList();
            Assert.Equal(200, found.Count);
            Assert.StartsWith("f12100", found[0], StringComparison.Ordinal);
        }

        Assert.Equal(["f12007", "f11007", "f10007"], Ids((await root.GetAsync(Users + "?status=disabled&query=many1")).Json).Select(id => id![..6]));
        Assert.Single(Ids((await root.GetAsync(Users + "?query=many12099@")).Json));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_08_A_cursor_that_was_made_up_or_is_of_another_listing_is_refused(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        await app.NewActor().SignUpAsync();
        var cursor = (await root.GetAsync(Users + "?limit=1")).Json.GetProperty("next_cursor").GetString()!;
        (await root.GetAsync($"{Users}?limit=1&cursor={cursor}")).Expect(HttpStatusCode.OK);
        foreach (var (query, field) in new[]
        {
            ($"limit=1&role=user&cursor={cursor}", "cursor"), ($"cursor={cursor[..^1]}A", "cursor"), ("cursor=AAAA", "cursor"), ("cursor=' OR 1=1 --", "cursor"), ("cursor=" + new string('A', 5000), "cursor"),
            ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=1e3", "limit"), ("limit=1&limit=2", "limit"), ("status=happy", "status"), ("sort=email", "sort"), ("query=a%00b", "query"),
        })
        {
            var answer = (await root.GetAsync($"{Users}?{query}")).Expect(HttpStatusCode.BadRequest, "validation_failed");
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty(field, out _), answer.Body);
        }

        (await root.GetAsync($"/api/admin/audit?cursor={cursor}")).Expect(HttpStatusCode.BadRequest);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_15_Who_is_invited_sets_the_first_password_by_the_mail_and_is_verified_by_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = app.NewActor("carol");
        var made = (await root.PostAsync(Users, new { email = carol.Email, roles = new[] { "user" } })).Expect(HttpStatusCode.Created);
        Assert.False(made.Json.GetProperty("has_password").GetBoolean());
        (await carol.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        var invitation = await app.LastMailToAsync(carol.Email);
        (await carol.SendAsync(HttpMethod.Post, "/verify/confirm", new { token = invitation.Token }, withToken: false)).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await carol.SendAsync(HttpMethod.Post, "/password/reset", new { token = invitation.Token, password = carol.Password }, withToken: false)).Expect(HttpStatusCode.OK);
        (await carol.SendAsync(HttpMethod.Post, "/password/reset", new { token = invitation.Token, password = carol.Password }, withToken: false)).Expect(HttpStatusCode.BadRequest, "invalid_token");
        await carol.SignInAsync();
        Assert.True((await carol.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_02_A_password_that_an_administrator_sets_or_has_mailed_is_temporary(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        (await root.PostAsync($"{Users}/{carol.Id}/temporary-password", new { password = "amber kettle over moss" })).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await carol.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await carol.TrySignInAsync("amber kettle over moss")).Expect(HttpStatusCode.Forbidden, "password_change_required");

        var answer = (await root.PostAsync($"{Users}/{carol.Id}/temporary-password")).Expect(HttpStatusCode.OK);
        var mailed = System.Text.RegularExpressions.Regex.Match((await app.MailsToAsync(carol.Email)).First(mail => mail.Subject.Contains("administrator", StringComparison.Ordinal)).Text, "[a-z1-9]{4}(-[a-z1-9]{4}){3}").Value;
        Assert.DoesNotContain(mailed, answer.Body, StringComparison.Ordinal);
        var first = (await carol.TrySignInAsync(mailed)).Expect(HttpStatusCode.Forbidden, "password_change_required");
        (await carol.SendAsync(HttpMethod.Post, "/password/reset", new { token = first.Member("password_change_token"), password = carol.Password }, withToken: false)).Expect(HttpStatusCode.OK);
        await carol.SignInAsync();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_done_to_an_account_is_true_at_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        var detail = (await root.GetAsync($"{Users}/{carol.Id}")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(carol.SessionId, detail.GetProperty("sessions")[0].GetProperty("id").GetString());
        Assert.False(detail.GetProperty("factors").GetProperty("totp").GetBoolean());

        var phone = await app.NewActor("phone").As(carol).SignInAsync();
        (await root.DeleteAsync($"{Users}/{carol.Id}/sessions/{root.SessionId}")).Expect(HttpStatusCode.NotFound); // somebody else's
        (await root.DeleteAsync($"{Users}/{carol.Id}/sessions/{phone.SessionId}")).Expect(HttpStatusCode.OK);
        (await root.DeleteAsync($"{Users}/{carol.Id}/sessions/{phone.SessionId}")).Expect(HttpStatusCode.NotFound);
        (await phone.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await phone.TryRefreshAsync(phone.RefreshToken!)).Expect(HttpStatusCode.Unauthorized);
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        (await root.PostAsync($"{Users}/{carol.Id}/sign-out")).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        await carol.SignInAsync();
        (await root.PostAsync($"{Users}/{carol.Id}/disable")).Expect(HttpStatusCode.OK);
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await carol.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        (await root.PostAsync($"{Users}/{carol.Id}/enable")).Expect(HttpStatusCode.OK);
        await carol.SignInAsync();
        for (var guess = 0; guess < 11; guess++)
        {
            await app.NewActor("guesser").TrySignInAsync("not it " + guess, login: carol.Email);
        }

        (await app.NewActor("guesser").TrySignInAsync(carol.Password, login: carol.Email)).Expect(HttpStatusCode.TooManyRequests);
        (await root.PostAsync($"{Users}/{carol.Id}/unlock")).Expect(HttpStatusCode.OK);
        (await app.NewActor("guesser").TrySignInAsync(carol.Password, login: carol.Email)).Expect(HttpStatusCode.OK);
        (await root.PostAsync($"{Users}/{carol.Id}/send-reset")).Expect(HttpStatusCode.OK);
        Assert.Contains("/reset-password?token=", (await app.LastMailToAsync(carol.Email)).Links.Single(), StringComparison.Ordinal);

        var old = carol.Email;
        (await root.PatchAsync($"{Users}/{carol.Id}", new { email = "new-" + old })).Expect(HttpStatusCode.OK);
        Assert.False((await carol.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
        (await root.PatchAsync($"{Users}/{carol.Id}", new { email = root.Email })).Expect(HttpStatusCode.Conflict, "email_taken");
        (await root.GetAsync($"{Users}/{new string('0', 32)}")).Expect(HttpStatusCode.NotFound);
        (await root.PostAsync($"{Users}/nobody/disable")).Expect(HttpStatusCode.NotFound);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_create_under_one_key_is_done_once_also_when_it_comes_many_times_at_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        Task<Answer> AddAsync(string key, string email) => root.SendAsync(HttpMethod.Post, Users, new { email }, change: request => request.Headers.Add("Idempotency-Key", key));

        var answers = await Race.RunAsync(8, _ => AddAsync("one", "dora@example.org"));
        var created = answers.Where(answer => answer.Status is HttpStatusCode.Created).Select(answer => answer.Member("id")).Distinct();
        Assert.Single(created);
        Assert.All(answers.Where(answer => answer.Status is not HttpStatusCode.Created), answer => answer.Expect(HttpStatusCode.Conflict, "idempotent_request_in_progress"));
        Assert.Equal(answers.First(answer => answer.Status is HttpStatusCode.Created).Body, (await AddAsync("one", "dora@example.org")).Expect(HttpStatusCode.Created).Body);
        (await AddAsync("one", "other@example.org")).Expect(HttpStatusCode.UnprocessableEntity, "idempotency_key_reused");
        (await AddAsync("two", "dora@example.org")).Expect(HttpStatusCode.Conflict, "email_taken");
        Assert.Single(await app.MailsToAsync("dora@example.org"));
    }

    private static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString());
}
