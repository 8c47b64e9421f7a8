using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>`cardea import` of what Keycloak and Firebase export.</summary>
public sealed class ForeignSystemsTests : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ForeignHashesTheory, OnSqlite, OnPostgres]
    public async Task PW_09_A_realm_of_Keycloak_comes_along_with_passwords_and_authenticator_apps(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var passwords = (await ForeignHashes.MakeAsync(Moving.Password)).GetProperty("keycloak");
        var otp = new
        {
            type = "otp",
            secretData = """{"value":"aVeryPlainSecret2020"}""",
            credentialData = """{"subType":"totp","digits":6,"counter":0,"period":30,"algorithm":"HmacSHA1"}""",
        };
        var realm = new
        {
            id = "acme",
            clients = new[] { new { users = new[] { "not these" }, description = new string('x', 700_000) } }, // longer than what is read at once
            users = new object[]
            {
                new
                {
                    id = "5f2b3c1e-0c5e-4b7e-9d2a-3f1d2e4c5b6a", createdTimestamp = 1577836800000, username = "anna", enabled = true, emailVerified = true, firstName = "Anna", lastName = "Müller",
                    email = "anna@example.org", credentials = new[] { passwords.GetProperty("pbkdf2-sha256") }, realmRoles = new[] { "default-roles-acme", "offline_access", "editor" }, clientRoles = new { app = new[] { "x" } },
                },
                new { username = "ben@example.org", email = "ben@example.org", enabled = true, credentials = new[] { passwords.GetProperty("pbkdf2-sha512") }, requiredActions = new[] { "UPDATE_PASSWORD" } },
                new { username = "cleo", email = "cleo@example.org", enabled = true, credentials = new object[] { passwords.GetProperty("argon2"), otp } },
                new { username = "dora", email = "dora@example.org", enabled = false, credentials = new[] { passwords.GetProperty("argon2") } },
                new { username = "service-account-app", serviceAccountClientId = "app", enabled = true },
                new { username = "nobody", enabled = true },
                new { username = "key", email = "key@example.org", enabled = true, credentials = new[] { new { type = "webauthn" } } },
                new { username = "odd", email = "odd@example.org", enabled = true, credentials = new[] { new { type = "password", secretData = "{}", credentialData = "{}" } } },
                new { username = "long", email = "long@example.org", attributes = new { note = new[] { new string('y', 400_000) } } },
                new { username = "fred", email = "fred@example.org", enabled = true, attributes = new { note = new[] { new string('z', 200_000) } } },
            },
            roles = new { realm = Array.Empty<string>() },
        };
        var file = _folder.File("acme-realm.json", JsonSerializer.Serialize(realm, Indented));

        var moved = await app.ImportAsync(_folder, file, "--create-roles");

        Assert.Equal(
            [
                "1 imported", "2 imported", "3 imported", "4 imported", "5 skipped service_account", "6 skipped no_email", "7 skipped second_factor", "8 skipped unknown_hash",
                "9 skipped too_long a user has at most 262144 bytes", "10 imported",
            ],
            moved.Outcomes);
        Assert.Equal("5f2b3c1e-0c5e-4b7e-9d2a-3f1d2e4c5b6a", Moved.Text(moved.Rows[0], "id"));
        await app.SignsInAndIsRehashedAsync("anna@example.org");
        var anna = await app.NewActor("anna", "anna@example.org").SignInAsync();
        var me = (await anna.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(("anna", "Anna", "Müller", true), (me.GetProperty("username").GetString(), me.GetProperty("given_name").GetString(), me.GetProperty("family_name").GetString(), me.GetProperty("is_verified").GetBoolean()));
        Assert.Equal(["editor", "user"], me.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.StartsWith("2020-01-01T00:00:00", me.GetProperty("created_at").GetString());

        (await app.NewActor("ben", "ben@example.org").TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "password_change_required");
        (await app.NewActor("dora", "dora@example.org").TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        var cleo = app.NewActor("cleo", "cleo@example.org");
        var first = (await cleo.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        var authenticator = new Authenticator(app, Cardea.Crypto.Text.Base32Text.Encode("aVeryPlainSecret2020"u8));
        (await cleo.TrySecondStepAsync(first, "totp", authenticator.NextCode())).Expect(HttpStatusCode.OK);
    }

    [ForeignHashesTheory, OnSqlite, OnPostgres]
    public async Task PW_09_The_users_of_Firebase_sign_in_with_their_passwords(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var made = (await ForeignHashes.MakeAsync(Moving.Password)).GetProperty("firebase");
        var file = _folder.File("users.json", JsonSerializer.Serialize(new
        {
            users = new object[]
            {
                new
                {
                    localId = "k7TzHt0lSgWqMX", email = "gina@example.org", emailVerified = true, displayName = "Gina van der Berg", createdAt = "1577836800000", lastSignedInAt = "1600000000000",
                    passwordHash = made.GetProperty("passwordHash").GetString(), salt = made.GetProperty("salt").GetString(), providerUserInfo = Array.Empty<string>(),
                },
                new { localId = "x", email = "cut@example.org", passwordHash = "AAAA", salt = "AAAA" },
            },
        }));
        var parameters = _folder.File("hash-config", made.GetProperty("hash_config").GetString());

        var without = await app.CommandAsync("import", file);
        Assert.Equal((1, "", "The users have passwords, which can't be read without the project's hash parameters: --firebase-hash-config FILE.\n"), (without.ExitCode, without.Out, without.Error));
        var moved = await app.ImportAsync(_folder, file, "--firebase-hash-config", parameters);

        Assert.Equal(["1 imported", "2 skipped unknown_hash"], moved.Outcomes);
        var signer = made.GetProperty("hash_config").GetString()!.Split("base64_signer_key: ")[1].Split(',')[0];
        Assert.DoesNotContain(signer, await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = 'gina@example.org'"), StringComparison.Ordinal);
        await app.SignsInAndIsRehashedAsync("gina@example.org");
        var gina = await app.NewActor("gina", "gina@example.org").SignInAsync();
        var me = (await gina.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(("Gina van der", "Berg"), (me.GetProperty("given_name").GetString(), me.GetProperty("family_name").GetString()));
    }

    [Theory]
    [InlineData("{\"realm\":\"acme\",\"users\":[{\"email\":\"a@example.org\"},", "is not JSON, or only a part of it")]
    [InlineData("{\"realm\":\"acme\",\"users\":[{\"email\":\"a@example.org\"}]} {}", "is not JSON, or only a part of it")]
    [InlineData("{\"realm\":\"acme\"}", "has no array \"users\"")]
    [InlineData("[]", "it does not begin with an object")]
    public async Task A_broken_realm_imports_nothing(string text, string told)
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        var ended = await database.CommandAsync("", "import", _folder.File("realm.json", text), "--format", "keycloak");

        Assert.Equal((1, ""), (ended.ExitCode, ended.Out));
        Assert.Contains(told, ended.Error);
        Assert.Empty(Directory.GetFileSystemEntries(database.Directory, "*.db"));
    }
}
