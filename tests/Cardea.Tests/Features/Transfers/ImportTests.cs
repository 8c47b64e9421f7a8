using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>`cardea import` of CSV and JSON lines, beside a running server.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ForeignHashesTheory, OnSqlite, OnPostgres]
    public async Task PW_09_A_hash_of_every_form_signs_in_after_an_import_and_is_replaced(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var hashes = (await ForeignHashes.MakeAsync(Moving.Password)).GetProperty("plain").EnumerateObject().ToList();
        var csv = new StringBuilder("\ufeffEmail,password_hash\r\n");
        foreach (var (hash, number) in hashes.Select((hash, number) => (hash, number)))
        {
            csv.Append(CultureInfo.InvariantCulture, $"csv{number}@example.org,\"{hash.Value.GetString()}\"\r\n");
        }

        var lines = hashes.Select((hash, number) => JsonSerializer.Serialize(new { email = $"json{number}@example.org", password_hash = hash.Value.GetString() }));

        var moved = (await app.ImportAsync(_folder, _folder.File("people.csv", csv.ToString()))).Worked();
        Assert.Equal($"{hashes.Count} rows: {hashes.Count} imported, 0 already there, 0 skipped.\n", moved.Ended.Out);
        (await app.ImportAsync(_folder, _folder.File("people.txt", string.Join('\n', lines)))).Worked();

        for (var number = 0; number < hashes.Count; number++)
        {
            await app.SignsInAndIsRehashedAsync($"csv{number}@example.org");
            await app.SignsInAndIsRehashedAsync($"json{number}@example.org");
        }

        await app.SealedAsync();
        (await app.CommandAsync("audit", "verify")).Worked();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Everything_that_a_line_says_stands_in_the_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        const string id = "0192f0c1b2a37c4d8e5f60718293a4b5";
        var file = _folder.File("people.jsonl", $$"""
            {"id":"{{id}}","email":"Zoë.Not@EXAMPLE.org"}
            {"id":"{{id}}","email":"Zoe@EXAMPLE.org","email_verified":true,"username":"Zoe.B","first_name":"Zoë","family_name":"漢字 🦊","roles":["editor","user"],"created_at":"2020-02-29T12:00:00Z","last_login_at":"2024-01-01T00:00:00+01:00","disabled":true}
            {"id":"17","email":"bare@example.org"}

            """);

        var moved = await app.ImportAsync(_folder, file, "--create-roles");

        Assert.Equal((3, "3 rows: 2 imported, 0 already there, 1 skipped.\n  invalid_value: 1\n"), (moved.Ended.ExitCode, moved.Ended.Out));
        Assert.Equal(["1 skipped invalid_value email", "2 imported", "3 imported"], moved.Outcomes);
        Assert.Equal(id, moved.Rows[1].GetProperty("account_id").GetString()); // what apps know somebody by stays
        Assert.Matches("^[0-9a-f]{32}$", moved.Rows[2].GetProperty("account_id").GetString());
        var admin = await app.NewAdministratorAsync();
        var zoe = (await admin.GetAsync($"/api/admin/users/{id}")).Expect(HttpStatusCode.OK).Json.GetProperty("user");
        Assert.Equal(
            ("zoe@example.org", true, "Zoe.B", "Zoë", "漢字 🦊"),
            (zoe.GetProperty("email").GetString(), zoe.GetProperty("is_verified").GetBoolean(), zoe.GetProperty("username").GetString(), zoe.GetProperty("given_name").GetString(), zoe.GetProperty("family_name").GetString()));
        Assert.Equal(["editor", "user"], zoe.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.StartsWith("2020-02-29T12:00:00", zoe.GetProperty("created_at").GetString());
        Assert.StartsWith("2023-12-31T23:00:00", zoe.GetProperty("last_login_at").GetString());
        Assert.True(await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE id = @id AND disabled_at IS NOT NULL", new { id }) == 1);
        Assert.Equal(
            [("account.imported", "cardea import")],
            await app.Database.QueryAsync<(string, string)>("SELECT event, actor_id FROM audit_events WHERE account_id = @id", new { id }));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'role.added' AND actor_id = 'cardea import'"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'accounts.imported'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_secret_of_an_authenticator_app_comes_along_and_is_asked_for(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var hash = await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = @Email", new { alice.Email });
        var secret = Base32Text.Encode("twenty bytes of key!"u8);
        var file = _folder.File("people.jsonl", $$"""
            {"email":"bob@example.org","password_hash":"{{hash}}","totp_secret":"{{secret}}"}
            {"email":"lost@example.org","password_hash":"{{hash}}","second_factor":true}
            {"email":"bad@example.org","password_hash":"{{hash}}","totp_secret":"01"}
            """);

        Assert.Equal(["1 imported", "2 skipped second_factor", "3 skipped invalid_value totp_secret"], (await app.ImportAsync(_folder, file)).Outcomes);

        var bob = app.NewActor("bob", "bob@example.org");
        var first = (await bob.TrySignInAsync(Moving.Password)).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var authenticator = new Authenticator(app, secret);
        (await bob.TrySecondStepAsync(first, "totp", authenticator.WrongCode())).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await bob.TrySecondStepAsync(first, "totp", authenticator.NextCode())).Expect(HttpStatusCode.OK);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE email = 'lost@example.org'"));

        Assert.Equal(["1 already_there", "2 imported", "3 imported"], (await app.ImportAsync(_folder, file, "--drop-second-factors")).Outcomes);
        await app.SignsInAsync("lost@example.org");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_address_that_was_not_proved_there_is_not_proved_here(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"));
        var hash = await HashOfAsync(app);
        var file = _folder.File("people.csv", $"email,password_hash,email_verified\nbob@example.org,\"{hash}\",false\neve@example.org,\"{hash}\",\nzoe@example.org,\"{hash}\",true\n");
        (await app.ImportAsync(_folder, file)).Worked();

        (await app.NewActor("bob", "bob@example.org").TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "email_not_verified");
        await app.SignsInAsync("zoe@example.org");

        // Whoever reads the mailbox proves the address, and with it the password of whoever had set the account up is gone.
        var eve = app.NewActor("eve", "eve@example.org");
        (await eve.TryCodeAsync(await app.CodeAsync(eve))).Expect(HttpStatusCode.OK);
        (await eve.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Null(await app.Database.ScalarAsync<string?>("SELECT password_hash FROM accounts WHERE email = 'eve@example.org'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Nobody_becomes_an_administrator_unless_it_is_said(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var admin = await app.NewAdministratorAsync();
        (await admin.PostAsync("/api/admin/roles", new { name = "support", description = "", permissions = new[] { "audit.read" } })).Expect(HttpStatusCode.Created);
        (await admin.PostAsync("/api/admin/roles", new { name = "editor", description = "", permissions = Array.Empty<string>() })).Expect(HttpStatusCode.Created);
        var file = _folder.File("people.csv", """
            email,roles
            a@example.org,user admin
            b@example.org,support
            c@example.org,editor
            d@example.org,Redaktion
            e@example.org,king
            f@example.org,Site-Admin
            """);

        string[] mapped = ["--map-role", "Redaktion=editor", "--map-role=king="];
        Assert.Equal(
            ["2 skipped administrator admin", "3 skipped administrator support", "4 imported", "5 imported", "6 imported", "7 skipped unknown_role Site-Admin"],
            (await app.ImportAsync(_folder, file, [.. mapped, "--create-roles"])).Outcomes); // a capital letter can't be in a role
        Assert.Equal(["c@example.org", "d@example.org", "e@example.org"], await app.Database.QueryAsync<string>("SELECT email FROM accounts WHERE email LIKE '_@example.org' ORDER BY email"));
        Assert.Equal(
            ["2 imported", "3 imported", "4 already_there", "5 already_there", "6 already_there", "7 skipped unknown_role Site-Admin"],
            (await app.ImportAsync(_folder, file, [.. mapped, "--allow-admin"])).Outcomes);
        Assert.Equal(
            ["admin", "user"],
            await app.Database.QueryAsync<string>("SELECT role FROM account_roles WHERE account_id = (SELECT id FROM accounts WHERE email = 'a@example.org') ORDER BY role"));
        Assert.Equal("7 imported", (await app.ImportAsync(_folder, file, "--without-roles")).Outcomes.Last());
    }

    private static async Task<string> HashOfAsync(TestApp app)
    {
        var actor = await app.NewActor("donor").SignUpAsync();
        return await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = @Email", new { actor.Email });
    }
}
