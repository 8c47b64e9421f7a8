using System.Net;
using Cardea.Crypto.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Cardea.Tests.Features.Transfers;

/// <summary>`cardea import` of an ASP.NET Core Identity database, whose hashes the framework's own hasher made.</summary>
public sealed class IdentityDatabaseTests : IDisposable
{
    private static readonly string Secret = Base32Text.Encode("twenty bytes of key!"u8);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite, OnPostgres]
    public async Task PW_09_An_Identity_database_comes_along_with_passwords_roles_and_authenticator_apps(Engine engine)
    {
        await using var old = await TestDatabase.CreateAsync(engine);
        await MakeAsync(old);
        await using var app = await TestApp.StartAsync(engine);
        (await app.CommandAsync("user", "add", "taken@example.org", "--username", "TakenName")).Worked();
        var source = engine is Engine.Sqlite ? Path.Combine(old.Directory, "cardea.db") : old.ConnectionString;

        var moved = await app.ImportAsync(_folder, source, "--map-role", "Site Editor=editor", "--create-roles");

        Assert.Equal(
            ["1 imported", "2 imported", "3 imported", "4 imported", "5 skipped username_taken", "6 skipped second_factor", "7 skipped no_email", "8 skipped unusable_hash"], moved.Outcomes);
        Assert.Equal("01-three", Moved.Text(moved.Rows[0], "id"));
        await app.SignsInAndIsRehashedAsync("three@example.org");
        await app.SignsInAndIsRehashedAsync("two@example.org");
        var three = await app.NewActor("three", "three@example.org").SignInAsync();
        var me = (await three.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json;
        Assert.True(me.GetProperty("is_verified").GetBoolean());
        Assert.Equal(["editor", "user", "writers"], me.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal("Three", me.GetProperty("username").GetString());

        (await app.NewActor("out", "out@example.org").TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        var step = app.NewActor("app", "app@example.org");
        var first = (await step.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await step.TrySecondStepAsync(first, "totp", new Authenticator(app, Secret).NextCode())).Expect(HttpStatusCode.OK);
        Assert.Equal(8, await old.ScalarAsync<long>("SELECT COUNT(*) FROM \"AspNetUsers\""));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_database_of_something_else_imports_nothing(Engine engine)
    {
        await using var old = await TestDatabase.CreateAsync(engine);
        await old.ExecuteAsync("CREATE TABLE things (id INTEGER PRIMARY KEY)");
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        var ended = await database.CommandAsync("", "import", engine is Engine.Sqlite ? Path.Combine(old.Directory, "cardea.db") : old.ConnectionString);

        Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
        Assert.StartsWith("The database to import from has not the tables of ASP.NET Core Identity", ended.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(database.Directory, "*.db"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_without_its_password()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        var ended = await database.CommandAsync("", "import", "Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Timeout=2");

        Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
        Assert.StartsWith("The database to import from can't be opened: ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", ended.Error);
    }

    /// <summary>The tables as Entity Framework's migration makes them.</summary>
    private static async Task MakeAsync(TestDatabase old)
    {
        var isSqlite = old.Engine is Engine.Sqlite;
        var (text, flag, instant, name) = isSqlite ? ("TEXT", "INTEGER", "TEXT", "TEXT") : ("text", "boolean", "timestamp with time zone", "character varying(256)");
        await old.ExecuteAsync($"""
            CREATE TABLE "AspNetRoles" ("Id" {text} NOT NULL PRIMARY KEY, "Name" {name} NULL, "NormalizedName" {name} NULL, "ConcurrencyStamp" {text} NULL);
            CREATE TABLE "AspNetUsers" (
                "Id" {text} NOT NULL PRIMARY KEY, "UserName" {name} NULL, "NormalizedUserName" {name} NULL, "Email" {name} NULL, "NormalizedEmail" {name} NULL, "EmailConfirmed" {flag} NOT NULL,
                "PasswordHash" {text} NULL, "SecurityStamp" {text} NULL, "ConcurrencyStamp" {text} NULL, "PhoneNumber" {text} NULL, "PhoneNumberConfirmed" {flag} NOT NULL,
                "TwoFactorEnabled" {flag} NOT NULL, "LockoutEnd" {instant} NULL, "LockoutEnabled" {flag} NOT NULL, "AccessFailedCount" INTEGER NOT NULL);
            CREATE TABLE "AspNetUserRoles" (
                "UserId" {text} NOT NULL REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE, "RoleId" {text} NOT NULL REFERENCES "AspNetRoles" ("Id") ON DELETE CASCADE, PRIMARY KEY ("UserId", "RoleId"));
            CREATE TABLE "AspNetUserTokens" (
                "UserId" {text} NOT NULL REFERENCES "AspNetUsers" ("Id") ON DELETE CASCADE, "LoginProvider" {text} NOT NULL, "Name" {text} NOT NULL, "Value" {text} NULL,
                PRIMARY KEY ("UserId", "LoginProvider", "Name"));
            """);
        var three = new PasswordHasher<object>().HashPassword(new(), Moving.Password);
        var two = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV2 })).HashPassword(new(), Moving.Password);
        await AddAsync("01-three", "Three", "three@example.org", three, confirmed: true, lockedFor: TimeSpan.FromMinutes(5)); // a pause is no end
        await AddAsync("02-two", "two@example.org", "two@example.org", two);
        await AddAsync("03-app", "app", "app@example.org", three, twoFactor: true);
        await AddAsync("04-out", "out", "out@example.org", three, lockedFor: TimeSpan.FromDays(365_000));
        await AddAsync("05-taken", "takenNAME", "other@example.org", three);
        await AddAsync("06-sms", "sms", "sms@example.org", three, twoFactor: true);
        await AddAsync("07-none", "none", null, three);
        await AddAsync("08-cut", "cut", "cut@example.org", three[..40]);
        await old.ExecuteAsync("""INSERT INTO "AspNetRoles" ("Id", "Name") VALUES ('r1', 'Site Editor'), ('r2', 'writers')""");
        await old.ExecuteAsync("""INSERT INTO "AspNetUserRoles" VALUES ('01-three', 'r1'), ('01-three', 'r2')""");
        await old.ExecuteAsync("""INSERT INTO "AspNetUserTokens" VALUES ('03-app', '[AspNetUserStore]', 'AuthenticatorKey', @Secret), ('02-two', '[AspNetUserStore]', 'AuthenticatorKey', @Secret)""", new { Secret });

        Task AddAsync(string id, string username, string? email, string hash, bool confirmed = false, bool twoFactor = false, TimeSpan? lockedFor = null)
        {
            object Flag(bool value) => isSqlite ? value ? 1 : 0 : value;
            var end = DateTimeOffset.UtcNow + lockedFor;
            return old.ExecuteAsync(
                """
                INSERT INTO "AspNetUsers" ("Id", "UserName", "Email", "EmailConfirmed", "PasswordHash", "PhoneNumberConfirmed", "TwoFactorEnabled", "LockoutEnd", "LockoutEnabled", "AccessFailedCount")
                VALUES (@id, @username, @email, @confirmed, @hash, @no, @twoFactor, @end, @yes, 0)
                """,
                new
                {
                    id,
                    username,
                    email,
                    hash,
                    confirmed = Flag(confirmed),
                    twoFactor = Flag(twoFactor),
                    no = Flag(false),
                    yes = Flag(true),
                    end = isSqlite ? end?.ToString("yyyy-MM-dd HH:mm:ss.fffffffzzz", System.Globalization.CultureInfo.InvariantCulture) : (object?)end,
                });
        }
    }
}
