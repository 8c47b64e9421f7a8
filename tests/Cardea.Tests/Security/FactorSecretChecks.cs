using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Cardea.Crypto.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What a factor's secrets look like to somebody who has the database, the log or a page, and what is said of how one proved oneself.</summary>
public sealed class FactorSecretChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task MF_06_The_secret_is_in_no_table_no_file_and_no_log_in_any_spelling(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var begun = (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        Assert.Equal("no-store", begun.Header("Cache-Control"));
        var secret = begun.Member("secret")!;
        Assert.True(Base32Text.TryDecode(secret, out var bytes));
        Assert.Equal(20, bytes.Length);
        string[] spellings =
        [
            secret, secret.ToLowerInvariant(), Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes), Convert.ToBase64String(bytes), Convert.ToBase64String(bytes).TrimEnd('='),
            Base64UrlText.Encode(bytes), Encoding.Latin1.GetString(bytes),
        ];
        async Task LookAsync()
        {
            var dump = await app.DumpAsync();
            Assert.Contains("totp_secrets.secret=", dump, StringComparison.Ordinal);
            var files = string.Concat(Directory.EnumerateFiles(app.Database.Directory).Where(file => engine is Engine.Sqlite && file.Contains("cardea.db", StringComparison.Ordinal)).Select(ReadShared));
            Assert.All(spellings, spelling => Assert.DoesNotContain(spelling, dump + files + app.Logs.Text, StringComparison.Ordinal));
        }

        await LookAsync();
        var phone = new Authenticator(app, secret);
        (await alice.PostAsync("/users/me/totp/confirm", new { code = phone.WrongCode() })).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        Assert.False((await alice.GetAsync("/users/me/factors")).Json.GetProperty("totp").GetBoolean());
        (await app.NewActor("elsewhere").As(alice).TrySignInAsync()).Expect(HttpStatusCode.OK); // nothing is on yet
        (await alice.PostAsync("/users/me/totp/confirm", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        await LookAsync();

        foreach (var path in new[] { "/users/me/totp", "/users/me/totp/confirm", "/users/me/totp/secret", "/users/me/factors", "/users/me/export", "/users/me" })
        {
            Assert.DoesNotContain(secret, (await alice.GetAsync(path)).Body, StringComparison.Ordinal);
        }
    }

    /// <summary>A row that somebody moves to another account, or changes, is no secret of that account.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task MF_06_A_sealed_secret_is_worth_nothing_on_another_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, _) = await SecondStepPagesTests.WithAppAsync(app);
        var (mallory, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var sealedSecret = await app.Database.ScalarAsync<byte[]>("SELECT secret FROM totp_secrets WHERE account_id = @Id", new { mallory.Id });
        await app.Database.ExecuteAsync("UPDATE totp_secrets SET secret = @sealedSecret WHERE account_id = @Id", new { alice.Id, sealedSecret });
        var answer = await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "totp", phone.NextCode());
        Assert.True((int)answer.Status >= 400 && !answer.Body.Contains("access_token", StringComparison.Ordinal), answer.Body);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_08_Ten_codes_that_work_once_are_stored_under_a_key_and_void_with_the_next_set(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        Assert.Equal(10, phone.RecoveryCodes.Distinct().Count());
        var dump = await app.DumpAsync();
        Assert.Equal(10, await app.Database.ScalarAsync<long>("SELECT count(*) FROM recovery_codes"));
        foreach (var code in phone.RecoveryCodes)
        {
            var letters = code.Replace("-", "", StringComparison.Ordinal);
            var guesses = new[] { code, letters, $"{alice.Id}\n{letters}" }.SelectMany(text => new[] { text, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text))) });
            Assert.All(guesses, guess => Assert.DoesNotContain(guess, dump + app.Logs.Text, StringComparison.Ordinal));
        }

        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", phone.RecoveryCodes[0])).Expect(HttpStatusCode.OK);
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", phone.RecoveryCodes[0])).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await alice.PostAsync("/auth/reauthenticate", new { code = phone.RecoveryCodes[0] })).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        Assert.Contains("9", (await app.MailsToAsync(alice.Email)).First(mail => mail.Subject == "A recovery code was used").Text, StringComparison.Ordinal);
        // Somebody else's code is nobody's.
        var (_, bobsPhone) = await SecondStepPagesTests.WithAppAsync(app);
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", bobsPhone.RecoveryCodes[0])).Expect(HttpStatusCode.Unauthorized, "invalid_code");

        for (var used = 1; used < 8; used++)
        {
            (await alice.PostAsync("/auth/reauthenticate", new { code = phone.RecoveryCodes[used] })).Expect(HttpStatusCode.OK);
        }

        Assert.Contains("2", (await app.MailsToAsync(alice.Email)).First(mail => mail.Subject == "Few recovery codes are left").Text, StringComparison.Ordinal);
        Assert.Equal(2, (await alice.GetAsync("/users/me/factors")).Json.GetProperty("recovery_codes_left").GetInt32());

        var renewed = (await alice.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created).Json.GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!).ToList();
        Assert.Equal(10, renewed.Distinct().Count());
        Assert.Empty(renewed.Intersect(phone.RecoveryCodes));
        foreach (var old in phone.RecoveryCodes.Skip(8))
        {
            (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", old)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", renewed[9])).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_10_A_token_says_how_and_when_it_was_proved(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        Assert.Equal("pwd", AmrOf(alice));
        var phone = await Authenticator.SetUpAsync(app, alice);
        await alice.TryRefreshAsync();
        Assert.Equal("pwd otp mfa", AmrOf(alice)); // setting it up proved it

        foreach (var (method, code) in new[] { ("totp", phone.NextCode()), ("recovery_code", phone.RecoveryCodes[0]) })
        {
            (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), method, code, trustDevice: method == "recovery_code")).Expect(HttpStatusCode.OK);
            Assert.Equal("pwd otp mfa", AmrOf(alice));
            Assert.InRange(AuthTimeOf(alice), app.Clock.GetUtcNow().ToUnixTimeSeconds() - 5, app.Clock.GetUtcNow().ToUnixTimeSeconds());
        }

        // A trusted device spares the second step, and the token doesn't pretend otherwise; nor does a refresh make it younger.
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        var signedInAt = AuthTimeOf(alice);
        app.Clock.Advance(TimeSpan.FromMinutes(20));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(("pwd", signedInAt), (AmrOf(alice), AuthTimeOf(alice)));

        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal("pwd", AmrOf(alice));
        Assert.True(AuthTimeOf(alice) >= signedInAt + 1200);
        (await alice.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        Assert.Equal("pwd", AmrOf(alice)); // the session counts as proved, the token in hand says what was true of it
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal("pwd otp mfa", AmrOf(alice));
    }

    [OathtoolTheory, OnSqlite, OnPostgres]
    public async Task MF_01_A_real_program_shows_the_codes_that_are_taken(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var begun = (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        var uri = begun.Member("otpauth_uri")!;
        Assert.StartsWith("otpauth://totp/Cardea:" + Uri.EscapeDataString(alice.Email), uri, StringComparison.Ordinal);
        // From the URI, as an app that scanned the QR code has it.
        var secret = Regex.Match(uri, "[?&]secret=([A-Z2-7]+)").Groups[1].Value;
        Assert.Equal(begun.Member("secret"), secret);
        (await alice.PostAsync("/users/me/totp/confirm", new { code = Oathtool.CodeAt(secret, app.Clock.GetUtcNow()) })).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "totp", Oathtool.CodeAt(secret, app.Clock.GetUtcNow()))).Expect(HttpStatusCode.OK);
    }

    private static string AmrOf(Actor actor) => string.Join(' ', Actor.Claims(actor.AccessToken!).GetProperty("amr").EnumerateArray().Select(word => word.GetString()));

    private static long AuthTimeOf(Actor actor) => Actor.Claims(actor.AccessToken!).GetProperty("auth_time").GetInt64();

    private static string ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return Encoding.Latin1.GetString(copy.ToArray());
    }
}

/// <summary>Debian's oathtool: an authenticator app that shares no line with the server.</summary>
internal static class Oathtool
{
    public const string Program = "/usr/bin/oathtool";

    public static string CodeAt(string secret, DateTimeOffset at)
    {
        using var process = Process.Start(new ProcessStartInfo(Program, ["--totp", "--base32", "--now", at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture), "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.WriteLine(secret); // not an argument: those can be seen by every process
        process.StandardInput.Close();
        var code = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return code;
    }
}

/// <summary>A theory that needs <see cref="Oathtool"/>; skipped with the reason where it isn't installed.</summary>
public sealed class OathtoolTheoryAttribute : TheoryAttribute
{
    public OathtoolTheoryAttribute() => Skip = File.Exists(Oathtool.Program) ? null! : "oathtool is absent: apt-get install oathtool";
}
