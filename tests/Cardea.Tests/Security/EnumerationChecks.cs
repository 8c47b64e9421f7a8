using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Nobody learns from an answer whether somebody has an account.</summary>
public sealed partial class EnumerationChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task EN_01_Until_the_password_is_right_every_account_looks_like_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"));
        var known = await (await app.NewActor("known").SignUpAsync()).VerifyAsync();
        var unverified = await app.NewActor("unverified").SignUpAsync();
        var disabled = await (await app.NewActor("disabled").SignUpAsync()).VerifyAsync();
        await app.DisableAsync(disabled);
        var mustChange = await (await app.NewActor("mustchange").SignUpAsync()).VerifyAsync();
        await app.ChangeAccountAsync(mustChange, "password_change_required = 1");
        var named = app.NewActor("named");
        named.Username = "quentin";
        await named.SignUpAsync();
        var withoutPassword = await app.NewActor("without").SignUpAsync();
        await app.ChangeAccountAsync(withoutPassword, "password_hash = NULL");
        var stranger = app.NewActor();
        string[] logins = [stranger.Email, known.Email, unverified.Email, disabled.Email, mustChange.Email, withoutPassword.Email, "quentin", "nobodys-name"];

        for (var failure = 0; failure < 10; failure++)
        {
            var answers = new List<string>();
            foreach (var login in logins)
            {
                answers.Add(Shown((await stranger.TrySignInAsync("wrong " + failure, login: login)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials")));
            }

            Assert.Single(answers.Distinct());
        }

        var throttled = new List<string>();
        foreach (var login in logins)
        {
            throttled.Add(Shown((await stranger.TrySignInAsync("wrong again", login: login)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests")));
        }

        Assert.Single(throttled.Distinct());
        Assert.Empty(stranger.Cookies.GetAllCookies());

        app.Clock.Advance(TimeSpan.FromHours(2));
        (await known.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await unverified.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "email_not_verified");
        (await disabled.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        (await mustChange.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "password_change_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_03_Asking_for_mail_is_answered_the_same_for_every_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var known = await (await app.NewActor("known").SignUpAsync()).VerifyAsync();
        var unverified = app.NewActor("unverified");
        unverified.Username = "quentin";
        await unverified.SignUpAsync();
        var disabled = await app.NewActor("disabled").SignUpAsync();
        await app.DisableAsync(disabled);
        var stranger = app.NewActor();
        foreach (var path in new[] { "/password/forgot", "/verify/send", "/auth/code/send", "/auth/link/send" })
        {
            var answers = new List<string>();
            for (var round = 0; round < 5; round++) // the fourth and fifth mail don't go out, and nobody can tell
            {
                foreach (var email in new[] { stranger.Email, known.Email, unverified.Email, disabled.Email, known.Email.ToUpperInvariant() })
                {
                    answers.Add(Shown((await stranger.PostAsync(path, new { email })).Expect(HttpStatusCode.Accepted)));
                }
            }

            Assert.Single(answers.Distinct());
        }

        var byName = Shown((await stranger.PostAsync("/password/forgot", new { username = "quentin" })).Expect(HttpStatusCode.Accepted));
        Assert.Equal(byName, Shown((await stranger.PostAsync("/password/forgot", new { username = "nobodys-name" })).Expect(HttpStatusCode.Accepted)));
        Assert.Empty(await app.MailsToAsync(stranger.Email));
        Assert.NotEmpty(await app.MailsToAsync(known.Email));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_04_A_concealed_sign_up_with_a_taken_address_looks_like_a_free_one_and_its_owner_hears_of_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"), ("SignUp:ConcealExistingAccounts", "true"));
        var owner = await (await app.NewActor("owner").SignUpAsync()).VerifyAsync();
        var pending = await app.NewActor("pending").SignUpAsync();
        var mailsBefore = (await app.MailsToAsync(owner.Email)).Count;

        var stranger = app.NewActor();
        stranger.Password = "brass otter window seven";
        var answers = new List<string>();
        foreach (var (email, username) in new[] { ("free@example.org", "name-a"), (owner.Email, "name-b"), (pending.Email, "name-c"), (owner.Email.ToUpperInvariant(), "name-d") })
        {
            (stranger.Email, stranger.Username) = (email, username);
            var answer = (await stranger.TrySignUpAsync()).Expect(HttpStatusCode.Created);
            Assert.Equal(email.ToLowerInvariant(), answer.Json.GetProperty("user").GetProperty("email").GetString());
            Assert.False(answer.Json.GetProperty("user").GetProperty("is_verified").GetBoolean());
            answers.Add(Shown(answer).Replace(email.ToLowerInvariant(), "EMAIL", StringComparison.Ordinal).Replace(username, "NAME", StringComparison.Ordinal));
            // Whoever signs up again with the same name must see it taken, whether or not the first sign-up was a real one.
            stranger.Email = "other-" + username + "@example.org";
            (await stranger.TrySignUpAsync()).Expect(HttpStatusCode.Conflict, "username_taken");
            // And the new password opens nothing, in the same words.
            stranger.Email = email;
            (await stranger.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }

        Assert.Single(answers.Distinct());
        Assert.True((await app.MailsToAsync(owner.Email)).Count > mailsBefore);
        (await owner.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await pending.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Equal(3, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_06_A_change_to_a_taken_address_is_answered_as_one_to_a_free_address_and_its_owner_hears_of_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var owner = await (await app.NewActor("owner").SignUpAsync()).VerifyAsync();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var mailsBefore = (await app.MailsToAsync(owner.Email)).Count;

        var free = (await alice.PatchAsync("/users/me", new { email = "free@example.org" })).Expect(HttpStatusCode.OK);
        var taken = (await alice.PatchAsync("/users/me", new { email = owner.Email })).Expect(HttpStatusCode.OK);
        Assert.Equal(Shown(free), Shown(taken));
        Assert.Equal(alice.Email, taken.Json.GetProperty("email").GetString());

        var notice = (await app.MailsToAsync(owner.Email)).SkipLast(mailsBefore).Single();
        Assert.Empty(notice.Links); // it moves nothing
        Assert.Null(notice.Code);
        Assert.Single(await app.MailsToAsync("free@example.org"), mail => mail.Links.Count == 1);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_07_Ids_carry_randomness_and_somebody_elses_is_answered_as_nobodys(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        foreach (var id in new[] { alice.Id!, bob.Id!, alice.SessionId, bob.SessionId })
        {
            Assert.Equal(7, Guid.ParseExact(id, "N").Version); // 74 random bits (RFC 9562 section 5.7)
        }

        var unknown = Guid.CreateVersion7().ToString("n");
        Assert.Equal(
            Shown((await alice.DeleteAsync("/sessions/" + unknown)).Expect(HttpStatusCode.NotFound, "not_found")),
            Shown((await alice.DeleteAsync("/sessions/" + bob.SessionId)).Expect(HttpStatusCode.NotFound, "not_found")));
        (await bob.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
    }

    /// <summary>All that an answer shows, without what differs between any two: its id, its length, the time, and the ids and times in it.</summary>
    private static string Shown(Answer answer)
    {
        var headers = answer.Headers.Where(header => header.Key.ToUpperInvariant() is not ("X-REQUEST-ID" or "DATE" or "RETRY-AFTER" or "CONTENT-LENGTH")).OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        return $"{(int)answer.Status}\n{string.Join('\n', headers)}\n{IdOrTime().Replace(answer.Body, "…")}";
    }

    [GeneratedRegex("""(?<="id":")[0-9a-f]{32}|\d{4}-\d\d-\d\dT[0-9:.]+Z""")]
    private static partial Regex IdOrTime();
}
