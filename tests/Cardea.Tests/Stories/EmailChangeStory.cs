using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>An account moves to another address: the new one is asked, the old one is told, and stays until the new one has proved itself.</summary>
public sealed class EmailChangeStory
{
    [Theory]
    [OnSqlite(false), OnSqlite(true), OnPostgres(false), OnPostgres(true)]
    public async Task The_old_address_stays_until_the_new_one_confirms_by_link_or_by_code(Engine engine, bool byCode)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var (old, moved) = (alice.Email, "new." + alice.Email);

        var asked = (await alice.PatchAsync("/users/me", new { email = moved.ToUpperInvariant() })).Expect(HttpStatusCode.OK);
        Assert.Equal(old, asked.Member("email"));
        var told = await app.LastMailToAsync(old);
        Assert.Equal("Your e-mail address is about to change", told.Subject);
        Assert.DoesNotContain(moved, told.Text + told.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("/undo-email-change?token=", Assert.Single(told.Links), StringComparison.Ordinal);
        var question = Assert.Single(await app.MailsToAsync(moved));

        (await alice.TrySignInAsync(login: moved)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await alice.PostAsync("/password/forgot", new { email = moved })).Expect(HttpStatusCode.Accepted);
        Assert.Single(await app.MailsToAsync(moved)); // recovery does not go to an address that has proved nothing
        (await alice.PostAsync("/password/forgot", new { email = old })).Expect(HttpStatusCode.Accepted);
        var reset = await app.LastMailToAsync(old);

        object proof = byCode ? new { email = moved, code = question.Code } : new { token = question.Token };
        (await alice.SendAsync(HttpMethod.Post, "/verify/confirm", proof, withToken: false)).Expect(HttpStatusCode.OK);
        (await alice.SendAsync(HttpMethod.Post, "/verify/confirm", proof, withToken: false)).Expect(HttpStatusCode.BadRequest, "invalid_token");

        var me = (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal((moved, true), (me.Member("email"), me.Json.GetProperty("is_verified").GetBoolean()));
        (await alice.TrySignInAsync(login: old)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await alice.TrySignInAsync(login: moved)).Expect(HttpStatusCode.OK);
        Assert.Equal(moved, Actor.Claims(alice.AccessToken!).GetProperty("email").GetString());
        // What lies in the old mailbox opens nothing any more.
        (await alice.PostAsync("/password/reset", new { token = reset.Token, password = "seven maple kettles sing" })).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Moving_to_a_taken_address_looks_the_same_and_only_its_owner_hears_of_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var owner = await app.NewActor("owner").SignUpAsync();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();

        var toFree = (await alice.PatchAsync("/users/me", new { email = "free." + alice.Email })).Expect(HttpStatusCode.OK);
        var toTaken = (await alice.PatchAsync("/users/me", new { email = owner.Email })).Expect(HttpStatusCode.OK);

        Assert.Equal(toFree.Body, toTaken.Body);
        var heard = await app.LastMailToAsync(owner.Email);
        Assert.Empty(heard.Links);
        Assert.Null(heard.Code);
        Assert.Equal(2, (await app.MailsToAsync(alice.Email)).Count(mail => mail.Subject == "Your e-mail address is about to change"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_address_that_was_taken_meanwhile_is_refused_and_nothing_has_changed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var wanted = "wanted." + alice.Email;
        (await alice.PatchAsync("/users/me", new { email = wanted })).Expect(HttpStatusCode.OK);
        var question = await app.LastMailToAsync(wanted);

        var other = app.NewActor("other");
        other.Email = wanted;
        await other.SignUpAsync();

        (await alice.PostAsync("/verify/confirm", new { token = question.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        Assert.Equal(alice.Email, (await alice.GetAsync("/users/me")).Member("email"));
        await other.SignInAsync();
        Assert.NotEqual(alice.Id, other.Id);
    }
}
