using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>What people do with their own data: change it, take it with them, take it away.</summary>
public sealed class OwnDataStory
{
    [Theory, OnSqlite, OnPostgres]
    public async Task The_profile_takes_what_is_given_and_keeps_what_is_not(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();

        (await alice.PatchAsync("/users/me", new { given_name = "Alice", family_name = "Müller-Østergård", username = "Alice.M" })).Expect(HttpStatusCode.OK);
        var renamed = (await alice.PatchAsync("/users/me", new { given_name = (string?)null })).Expect(HttpStatusCode.OK);
        Assert.Equal((null, "Müller-Østergård", "Alice.M"), (renamed.Member("given_name"), renamed.Member("family_name"), renamed.Member("username")));
        Assert.Equal(renamed.Body, (await alice.GetAsync("/users/me")).Body);
        (await alice.TrySignInAsync(login: "ALICE.m")).Expect(HttpStatusCode.OK);

        (await alice.PatchAsync("/users/me", "{\"is_verified\":true}")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await alice.PatchAsync("/users/me", "{\"roles\":[\"admin\"]}")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await alice.PatchAsync("/users/me", new { username = "a@b.example" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        (await bob.PatchAsync("/users/me", new { username = "alice.M" })).Expect(HttpStatusCode.Conflict, "username_taken");
        (await alice.PatchAsync("/users/me", new { username = (string?)null })).Expect(HttpStatusCode.OK);
        (await bob.PatchAsync("/users/me", new { username = "alice.M" })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_changed_password_ends_the_other_sessions_and_keeps_this_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var elsewhere = app.NewActor("elsewhere");
        (elsewhere.Email, elsewhere.Password) = (alice.Email, alice.Password);
        await elsewhere.SignInAsync();
        const string New = "seven maple kettles sing";

        (await alice.PostAsync("/password/change", new { current_password = "not the password", new_password = New })).Expect(HttpStatusCode.Forbidden, "invalid_credentials");
        (await elsewhere.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = New })).Expect(HttpStatusCode.OK);

        (await elsewhere.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await elsewhere.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        var sid = alice.SessionId;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(sid, alice.SessionId);
        (await elsewhere.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await elsewhere.TrySignInAsync(New)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_export_holds_what_the_server_knows_and_no_secret(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        await alice.PatchAsync("/users/me", new { family_name = "Example" });
        await (await app.NewActor("bob").SignUpAsync()).SignInAsync();

        var answer = (await alice.GetAsync("/users/me/export")).Expect(HttpStatusCode.OK);

        Assert.StartsWith("attachment", answer.Header("Content-Disposition"), StringComparison.Ordinal);
        var export = answer.Json;
        Assert.Equal((alice.Id, alice.Email, "Example"), (Text(export, "account", "id"), Text(export, "account", "email"), Text(export, "account", "family_name")));
        Assert.Equal(alice.SessionId, Assert.Single(export.GetProperty("sessions").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(
            ["account.signed_up", "account.email_verified", "sign_in.succeeded", "account.profile_changed", "account.exported"],
            export.GetProperty("audit_events").EnumerateArray().Select(row => row.GetProperty("event").GetString()));
        Assert.DoesNotContain("bob", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("$argon2", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(alice.RefreshToken!, answer.Body, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_deleted_account_is_gone_for_its_tokens_and_its_address_is_free_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = app.NewActor("alice");
        alice.Username = "alice-the-first";
        await (await alice.SignUpAsync()).SignInAsync();
        var firstId = alice.Id;

        (await alice.DeleteAsync("/users/me")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await alice.DeleteAsync("/users/me", new { password = "not the password" })).Expect(HttpStatusCode.Forbidden, "invalid_credentials");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        var deleted = (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        Assert.NotNull(deleted.Member("message"));

        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        foreach (var table in new[] { "accounts", "sessions", "devices", "one_time_secrets", "account_roles" })
        {
            Assert.Equal(0, await app.Database.ScalarAsync<long>($"SELECT COUNT(*) FROM {table}"));
        }

        var remains = await app.Database.QueryAsync<string>(
            "SELECT COALESCE(address, '') || COALESCE(user_agent, '') || COALESCE(detail, '') FROM audit_events WHERE account_id = @firstId", new { firstId });
        Assert.NotEmpty(remains);
        Assert.Equal("Your account was deleted", (await app.LastMailToAsync(alice.Email)).Subject);
        Assert.All(remains, Assert.Empty);
        await (await alice.SignUpAsync()).SignInAsync();
        Assert.NotEqual(firstId, alice.Id);
    }

    private static string? Text(JsonElement export, string section, string member) => export.GetProperty(section).GetProperty(member).GetString();
}
