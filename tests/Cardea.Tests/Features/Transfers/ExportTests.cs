using System.Net;
using System.Text.Json;
using Cardea.Features.Transfers;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>`cardea export`, and what an empty database makes of it.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite("jsonl"), OnSqlite("csv"), OnPostgres("jsonl"), OnPostgres("csv")]
    public async Task What_was_exported_signs_in_where_it_is_imported(Engine engine, string format)
    {
        var file = _folder.File("people." + format);
        Actor alice, bob, out1, key;
        Authenticator authenticator;
        await using (var app = await TestApp.StartAsync(engine))
        {
            alice = app.NewActor("alice");
            alice.Username = "Alice.A";
            alice = await (await (await alice.SignUpAsync()).VerifyAsync()).SignInAsync();
            (await alice.PatchAsync("/users/me", new { given_name = "=cmd|' /C calc'!A0", family_name = "Zoë, \"漢字\" 🦊" })).Expect(HttpStatusCode.OK);
            bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
            authenticator = await Authenticator.SetUpAsync(app, bob);
            out1 = await app.NewActor("out").SignUpAsync();
            (await app.CommandAsync("user", "disable", out1.Email)).Worked();
            key = await app.NewActor("key").SignUpAsync();
            await app.Database.ExecuteAsync("UPDATE accounts SET has_second_factor = 1 WHERE email = @Email", new { key.Email }); // a passkey, which stays behind
            (await app.CommandAsync("user", "add", "root@example.org", "--role", "admin")).Worked();

            Assert.Equal($"{file} has 5 accounts, with their password hashes.\n", (await app.CommandAsync("export", file, "--format", format, "--with-password-hashes", "--with-totp-secrets")).Worked().Out);
            var again = await app.CommandAsync("export", file);
            Assert.Equal((1, "", $"{file} is there already. An export never replaces a file.\n"), (again.ExitCode, again.Out, again.Error));
            Assert.Equal([file], Directory.GetFiles(_folder.Path));
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'accounts.exported' AND actor_id = 'cardea export'"));
        }

        if (format == "csv")
        {
            Assert.Contains(",'=cmd|' /C calc'!A0,", await File.ReadAllTextAsync(file), StringComparison.Ordinal); // no formula to a spreadsheet
        }

        await using var there = await TestApp.StartAsync(engine);
        var moved = await there.ImportAsync(_folder, file, "--allow-admin");
        Assert.Equal(["imported", "imported", "imported", "skipped", "imported"], moved.Rows.Select(row => Moved.Text(row, "outcome")));
        Assert.Equal("second_factor", Moved.Text(moved.Rows[3], "reason"));

        Actor[] now = [there.NewActor(), there.NewActor(), there.NewActor()];
        (now[0].Email, now[1].Email, now[2].Email) = (alice.Email, bob.Email, out1.Email);
        await now[0].SignInAsync();
        var me = (await now[0].GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal((alice.Id, "Alice.A", true), (me.GetProperty("id").GetString(), me.GetProperty("username").GetString(), me.GetProperty("is_verified").GetBoolean()));
        Assert.Equal(("=cmd|' /C calc'!A0", "Zoë, \"漢字\" 🦊"), (me.GetProperty("given_name").GetString(), me.GetProperty("family_name").GetString()));
        var first = (await now[1].TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await now[1].TrySecondStepAsync(first, "totp", new Authenticator(there, authenticator.Secret).NextCode())).Expect(HttpStatusCode.OK);
        (await now[2].TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        Assert.Contains("roles: admin, user", (await there.CommandAsync("user", "show", "root@example.org")).Worked().Out);
        Assert.Contains("temporary, must be changed", (await there.CommandAsync("user", "show", "root@example.org")).Worked().Out);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Secrets_are_in_an_export_only_when_they_are_asked_for(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var authenticator = await Authenticator.SetUpAsync(app, alice);
        foreach (var (options, hasHash, hasSecret) in new (string[], bool, bool)[] { ([], false, false), (["--with-password-hashes"], true, false), (["--with-totp-secrets"], false, true) })
        {
            var file = _folder.File($"people{options.Length}{hasHash}.jsonl");
            (await app.CommandAsync(["export", file, .. options])).Worked();

            var line = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
            Assert.Equal((hasHash, hasSecret), (line.TryGetProperty("password_hash", out _), line.TryGetProperty("totp_secret", out var secret)));
            Assert.True(line.GetProperty("second_factor").GetBoolean());
            Assert.True(!hasSecret || secret.GetString() == authenticator.Secret);
        }

        var refused = await app.CommandAsync("export", _folder.File("people.xml"), "--format", "xml");
        Assert.Equal((2, "cardea export: --format is jsonl or csv; \"xml\" was given.\n"), (refused.ExitCode, refused.Error));
    }

    [Fact]
    public void A_cell_that_looks_like_a_formula_comes_back_as_it_was()
    {
        foreach (var text in new[] { "=1", "'=1", "''=1", "'", "-a", "'a", "+", "@", "a,b", "\"", "a\"b,\"", "" })
        {
            var line = CsvRecords.Write([text, "x"]);
            var path = _folder.File("cells.csv", line + "\r\n");

            var cells = CsvRecords.Read(LineReader.Read(path)).Single().Cells!;

            Assert.Equal([text, "x"], cells.Select(CsvRecords.Unguarded));
            Assert.DoesNotMatch("^\"?[=+@-]", line);
        }
    }
}
