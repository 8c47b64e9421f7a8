using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Foundation.Data;
using Cardea.Tests.Browser;
using Cardea.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "simple-authentication-project" in a browser, over HTTPS: by its own scripts, and on the pages.</summary>
[Collection(Chromium.Collection)]
public sealed class SimpleAuthenticationProjectPagesStory(Chromium chromium)
{
    private const string Password = "violet tractor lamp nine";

    private const string Send =
        """
        async ([path, body, token]) => {
          const answer = await fetch(path, { method: "POST", body, headers: { "content-type": "application/json", ...(token && { authorization: "Bearer " + token }) } });
          return answer.status + " " + await answer.text();
        }
        """;

    [BrowserFact]
    public async Task Scripts_sign_in_by_password_and_mailed_code_and_out_again_over_https()
    {
        await using var app = await StartAsync();
        await using var visitor = await chromium.VisitAsync(app, change: options => options.IgnoreHTTPSErrors = true);
        await visitor.GoAsync("/login");
        const string Email = "script@example.org";
        Assert.StartsWith("201", await SendAsync("/auth/signup", $$"""{"email":"{{Email}}","password":"{{Password}}"}"""), StringComparison.Ordinal);
        var first = await SendAsync("/auth/login", $$"""{"email":"{{Email}}","password":"{{Password}}"}""");
        Assert.StartsWith("403", first, StringComparison.Ordinal);
        var code = await CodeAsync(app, Email, "Your code to finish signing in");
        var done = await SendAsync("/auth/login/mfa", $$"""{"mfa_token":"{{Member(first, "mfa_token")}}","method":"email_code","code":"{{code}}"}""");
        Assert.StartsWith("200", done, StringComparison.Ordinal);
        Assert.StartsWith("200", await SendAsync("/auth/logout", null, Member(done, "access_token")), StringComparison.Ordinal);
        Assert.StartsWith("401", await SendAsync("/auth/logout", null, Member(done, "access_token")), StringComparison.Ordinal);

        Task<string> SendAsync(string path, string? body, string? token = null) => visitor.Page.EvaluateAsync<string>(Send, new object?[] { path, body, token });
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task On_the_pages_each_sign_in_is_finished_by_a_mailed_code_and_told_by_mail(bool script)
    {
        await using var app = await StartAsync();
        await using var visitor = await chromium.VisitAsync(app, script, options => options.IgnoreHTTPSErrors = true);
        var email = $"anna{(script ? 1 : 2)}@example.org";
        await visitor.GoAsync("/register");
        foreach (var (field, text) in new[] { ("email", email), ("password", Password), ("password_again", Password) })
        {
            await visitor.TypeAsync(field, text);
        }

        await visitor.PressAsync("Create the account");
        await visitor.ExpectAtAsync("/login");
        await visitor.FollowMailAsync(email, "/verify-email");
        await visitor.PressAsync("Confirm the address");
        await visitor.SignInAsync(email, Password);
        await visitor.ExpectAtAsync("/login/second-step");
        await visitor.TypeAsync("code", "000000");
        await visitor.PressAsync("Sign in");
        await visitor.ExpectErrorAsync("code", "not right");
        await visitor.PressAsync("Send the mail again");
        await visitor.ExpectFlashAsync("another mail is on its way");
        await Eventually.IsAsync(async () => await CountAsync(app, email, "Your code to finish signing in") == 2, "the second mail came");
        await visitor.TypeAsync("code", await CodeAsync(app, email, "Your code to finish signing in"));
        await visitor.PressAsync("Sign in");
        await visitor.ExpectAtAsync("/dashboard");
        var cookies = await visitor.Context.CookiesAsync();
        Assert.Contains(cookies, cookie => cookie is { Name: "__Host-cardea", Secure: true, HttpOnly: true });

        // "That wasn't me", though it was: one click, and a new password.
        await Eventually.IsAsync(async () => await CountAsync(app, email, "New sign-in to your account") == 1, "the notice came");
        await visitor.FollowMailAsync(email, "/not-me");
        await Expect(visitor.Main).ToContainTextAsync("Chrome on Linux");
        await visitor.PressAsync("It wasn't me");
        await visitor.ExpectAtAsync("/reset-password");
        await visitor.ExpectFlashAsync("That device is signed out");
        await visitor.TypeAsync("password", "copper window bridge seven");
        await visitor.TypeAsync("password_again", "copper window bridge seven");
        await visitor.PressAsync("Set the password");
        await visitor.ExpectAtAsync("/login");
        await visitor.GoAsync("/dashboard");
        await visitor.ExpectAtAsync("/login");
        visitor.ExpectNoFault();
    }

    [BrowserTheory, InlineData(true), InlineData(false)]
    public async Task Without_a_password_a_mailed_code_or_a_mailed_link_signs_in(bool script)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        await using var visitor = await chromium.VisitAsync(app, script);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        await visitor.GoAsync("/account/sessions");
        await visitor.FollowAsync("Mail me a code");
        await visitor.TypeAsync("email", alice.Email);
        await visitor.PressAsync("Mail me a code");
        await visitor.ExpectFlashAsync("six digits");
        var code = (await app.MailOfAsync(alice.Email, "Your code to sign in")).Code!;
        await visitor.TypeAsync("code", code);
        await visitor.PressAsync("Sign in");
        await visitor.ExpectAtAsync("/account/sessions");
        await visitor.GoAsync("/logout");
        await visitor.PressAsync("Sign out");

        await visitor.FollowAsync("Mail me a link");
        await visitor.TypeAsync("email", alice.Email);
        await visitor.PressAsync("Mail me a link");
        await Expect(visitor.Main).ToContainTextAsync("Look into your mailbox");
        await app.MailOfAsync(alice.Email, "Your link to sign in");
        await visitor.FollowMailAsync(alice.Email, "/login/link");
        await Expect(visitor.Main).ToContainTextAsync("Chrome on Linux");
        await visitor.PressAsync("Sign in");
        await visitor.ExpectAtAsync("/dashboard");
        visitor.ExpectNoFault();
    }

    /// <summary>With a certificate of its own, as the program was run.</summary>
    private static async Task<TestApp> StartAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        var folder = Directory.CreateTempSubdirectory("cardea-tls-").FullName;
        var (crt, pem) = (Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
        await File.WriteAllTextAsync(crt, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(pem, key.ExportPkcs8PrivateKeyPem());
        try
        {
            return await TestApp.StartAsync(
                Engine.Sqlite, (":urls", "https://127.0.0.1:0"), (":Kestrel:Certificates:Default:Path", crt), (":Kestrel:Certificates:Default:KeyPath", pem),
                ("SignIn:NotifyByMail", "always"), ("SignIn:MailedCode", "always"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<long> CountAsync(TestApp app, string email, string subject) =>
        app.Database.ScalarAsync<long>("SELECT count(*) FROM mailbox WHERE recipient = @email AND subject = @subject", new { email, subject });

    /// <summary>The digits of the newest mail, as it lies in the mailbox: the test's own client does not trust the certificate.</summary>
    private static async Task<string> CodeAsync(TestApp app, string email, string subject)
    {
        await Eventually.IsAsync(async () => await CountAsync(app, email, subject) > 0, "the code came");
        return (await app.Database.QueryAsync<string>("SELECT code FROM mailbox WHERE recipient = @email AND subject = @subject ORDER BY id DESC", new { email, subject }))[0];
    }

    private static string Member(string answer, string name) =>
        System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(answer[4..]).GetProperty(name).GetString()!;
}
