using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "simple-authentication-project": sign-in and sign-out over REST, a mail at each sign-in, no secret stored in clear.</summary>
public sealed class SimpleAuthenticationProjectStory
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Each_sign_in_is_told_by_mail(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        alice.UserAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

        for (var times = 1; times <= 3; times++)
        {
            await alice.SignInAsync();
            var notices = (await app.MailsToAsync(alice.Email)).Where(mail => mail.Subject == "New sign-in to your account").ToList();
            Assert.Equal(times, notices.Count);
            Assert.Contains("Firefox on Linux", notices[0].Text, StringComparison.Ordinal);
            Assert.Contains("127.0.0.1", notices[0].Text, StringComparison.Ordinal);
            (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        }

        await alice.TrySignInAsync("not the password");
        Assert.Equal(3, (await app.MailsToAsync(alice.Email)).Count(mail => mail.Subject == "New sign-in to your account"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_whole_journey_from_the_mailed_link_to_the_code_that_finishes_each_sign_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"), ("SignIn:MailedCode", "always"), ("SignUp:RequireVerifiedEmail", "true"));
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "email_not_verified");
        await alice.VerifyAsync();

        for (var times = 1; times <= 3; times++)
        {
            var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
            Assert.Equal(times - 1, await app.CountMailsAsync(alice.Email, "New sign-in to your account"));
            (await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.OK);
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
            Assert.Equal(times, await app.CountMailsAsync(alice.Email, "New sign-in to your account"));
            (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        }

        (await alice.TrySignInAsync("not the password")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Equal(3, await app.CountMailsAsync(alice.Email, "Your code to finish signing in"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task No_secret_of_the_journey_is_in_the_database_or_the_log(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"), ("SignIn:MailedCode", "always"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var verification = await app.LastMailToAsync(alice.Email);
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.OK);
        var notice = await app.MailOfAsync(alice.Email, "New sign-in to your account");
        List<string> secrets = [first.Member("mfa_token")!, notice.Token, alice.Password, verification.Token, verification.Code!, alice.AccessToken!, alice.RefreshToken!];
        await alice.TryRefreshAsync();
        await alice.PostAsync("/password/forgot", new { email = alice.Email });
        secrets.AddRange([(await app.LastMailToAsync(alice.Email)).Token, alice.AccessToken!, alice.RefreshToken!]);
        secrets.AddRange(alice.Cookies.GetAllCookies().Select(cookie => cookie.Value));

        var stored = await StoredAsync(app.Database);

        Assert.Contains(alice.Email, stored, StringComparison.Ordinal);
        Assert.Equal(11, secrets.Count);
        Assert.All(secrets, secret =>
        {
            Assert.DoesNotContain(secret, stored, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, app.Logs.Text, StringComparison.Ordinal);
        });
    }

    /// <summary>Every value of every table but the development mailbox, which stands for the recipient's own: as text, and bytes in their usual spellings too.</summary>
    private static async Task<string> StoredAsync(TestDatabase database)
    {
        var dialect = database.Engine is Engine.Sqlite ? Dialect.Sqlite : Dialect.Postgres;
        var all = new StringBuilder();
        var tables = (await database.QueryAsync<(string Table, string Column)>(dialect.Columns)).Where(column => column.Table != "mailbox").ToList();
        Assert.Contains(tables, column => column.Table == "outbox");
        foreach (var (table, column) in tables)
        {
            foreach (var value in await database.QueryAsync<object?>($"SELECT \"{column}\" FROM \"{table}\""))
            {
                // A row of one unnamed type comes as the row itself.
                foreach (var single in value is IDictionary<string, object?> row ? row.Values : [value])
                {
                    all.Append(single is byte[] bytes
                        ? $"{Encoding.Latin1.GetString(bytes)} {Convert.ToHexStringLower(bytes)} {Convert.ToBase64String(bytes)} {System.Buffers.Text.Base64Url.EncodeToString(bytes)}"
                        : Convert.ToString(single, System.Globalization.CultureInfo.InvariantCulture)).Append('\n');
                }
            }
        }

        return all.ToString();
    }
}
