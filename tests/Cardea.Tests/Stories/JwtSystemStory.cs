using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "Authentication System (JWT)": nine routes, username with e-mail and password, one active session.</summary>
public sealed class JwtSystemStory
{
    private static readonly (string Key, string Value) OneSession = ("Sessions:MaxPerAccount", "1");

    [Theory, OnSqlite, OnPostgres]
    public async Task The_nine_routes_lead_from_sign_up_to_log_out(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, OneSession);
        var alice = app.NewActor("alice");
        alice.Username = "Alice_" + alice.Name;

        var about = (await alice.GetAsync("/")).Expect(HttpStatusCode.OK);
        Assert.Equal(("Cardea", "ok", "/docs"), (about.Member("name"), about.Member("status"), about.Member("docs")));

        var signedUp = (await alice.TrySignUpAsync()).Expect(HttpStatusCode.Created);
        Assert.Equal(201, signedUp.Json.GetProperty("status").GetInt32());
        var user = signedUp.Json.GetProperty("user");
        Assert.Equal((alice.Username, alice.Email, false), (user.GetProperty("username").GetString(), user.GetProperty("email").GetString(), user.GetProperty("is_verified").GetBoolean()));
        Assert.StartsWith("$argon2id$v=19$", await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts"), StringComparison.Ordinal);

        (await alice.PostAsync("/verify/send", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        await alice.VerifyAsync();
        (await alice.TrySignInAsync(login: alice.Username)).Expect(HttpStatusCode.OK);
        Assert.True((await alice.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
        var active = (await alice.GetAsync("/session/active")).Expect(HttpStatusCode.OK).Json;
        Assert.True(active.GetProperty("active").GetBoolean());
        Assert.Equal(alice.SessionId, active.GetProperty("session").GetProperty("id").GetString());

        (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/session/active")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_link_of_the_mail_activates_once_and_a_newer_one_voids_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"));
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "email_not_verified");

        var first = await app.LastMailToAsync(alice.Email);
        Assert.StartsWith(app.Address.GetLeftPart(UriPartial.Authority) + "/verify-email?token=", Assert.Single(first.Links), StringComparison.Ordinal);
        (await alice.PostAsync("/verify/send", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var second = await app.LastMailToAsync(alice.Email);
        Assert.NotEqual(first.Token, second.Token);

        (await alice.PostAsync("/verify/confirm", new { token = first.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { token = second.Token })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/verify/confirm", new { token = second.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_second_sign_in_hears_Session_already_active_and_replace_is_the_way_out(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, OneSession);
        var atHome = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var atWork = app.NewActor("work");
        (atWork.Email, atWork.Password) = (atHome.Email, atHome.Password);

        var refused = (await atWork.TrySignInAsync()).Expect(HttpStatusCode.Conflict, "session_active");
        Assert.Equal(("Session already active", "Session already active"), (refused.Member("detail"), refused.Member("error")));
        (await atWork.TrySignInAsync("not the password")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await atHome.GetAsync("/session/active")).Expect(HttpStatusCode.OK);

        (await atWork.TrySignInAsync(replace: true)).Expect(HttpStatusCode.OK);
        (await atHome.GetAsync("/session/active")).Expect(HttpStatusCode.Unauthorized);
        (await atHome.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");

        (await atWork.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        (await atHome.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Forgot_and_reset_void_the_older_link_and_end_every_session(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, OneSession);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var older = await app.LastMailToAsync(alice.Email);
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var newer = await app.LastMailToAsync(alice.Email);
        Assert.Contains("/reset-password?token=", Assert.Single(newer.Links), StringComparison.Ordinal);

        const string NewPassword = "seven maple kettles sing";
        (await alice.PostAsync("/password/reset", new { token = older.Token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/reset", new { token = newer.Token, password = NewPassword })).Expect(HttpStatusCode.OK);

        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/reset", new { token = newer.Token, password = alice.Password })).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_audit_log_tells_the_journey_in_its_order(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, OneSession);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        await alice.TrySignInAsync("not the password");
        await alice.SignInAsync();
        await alice.TrySignInAsync();
        await alice.PostAsync("/auth/logout");

        var rows = await app.Database.QueryAsync<string>("SELECT event FROM audit_events WHERE account_id = @id ORDER BY id", new { id = alice.Id });
        Assert.Equal(["account.signed_up", "account.email_verified", "sign_in.failed", "sign_in.succeeded", "sign_in.refused", "sign_out"], rows);
        var ended = await app.Database.QueryAsync<string>("SELECT session_id FROM audit_events WHERE event IN ('sign_in.succeeded', 'sign_out') ORDER BY id");
        Assert.Equal([alice.SessionId, alice.SessionId], ended);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Errors_are_problem_documents_with_the_field_that_is_wrong(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var anybody = app.NewActor();

        var refused = (await anybody.PostAsync("/auth/signup", new { email = "no address", password = "short", username = "x" })).Expect(HttpStatusCode.BadRequest, "validation_failed");

        Assert.Equal("application/problem+json", refused.Header("Content-Type"));
        Assert.Equal(400, refused.Json.GetProperty("status").GetInt32());
        Assert.Equal(refused.Member("detail"), refused.Member("error"));
        Assert.Equal(["email", "password", "username"], refused.Json.GetProperty("errors").EnumerateObject().Select(field => field.Name).Order());
        Assert.NotEmpty(refused.Member("title")!);
        Assert.NotEmpty(refused.Member("type")!);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    [Fact]
    public async Task Swagger_UI_shows_the_nine_routes_from_the_server_itself()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var anybody = app.NewActor();

        var page = (await anybody.GetAsync("/docs/index.html")).Expect(HttpStatusCode.OK);
        Assert.Contains("swagger-ui", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page.Body, StringComparison.Ordinal);
        foreach (var file in new[] { "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css" })
        {
            Assert.NotEmpty((await anybody.GetAsync(file)).Expect(HttpStatusCode.OK).Body);
        }

        var document = (await anybody.GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json;
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var routes = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name.ToUpperInvariant()} {path.Name}"));
        string[] nine =
        [
            "GET /", "POST /auth/signup", "POST /verify/send", "POST /verify/confirm", "POST /auth/login", "GET /session/active", "POST /auth/logout", "POST /password/forgot", "POST /password/reset",
        ];
        Assert.Empty(nine.Except(routes));
    }

    [SmtpFact]
    public async Task A_dot_env_file_configures_the_program_and_its_mail_comes_over_SMTP_with_TLS()
    {
        await using var smtp = await SmtpServer.StartAsync();
        using var folder = new TestFolder();
        folder.File(".env",
            $"""
            # read before the environment variables
            ASPNETCORE_ENVIRONMENT=Production
            ASPNETCORE_URLS=http://127.0.0.1:0
            Cardea__PublicUrl=https://login.example.org
            export Cardea__Mail__Transport=smtp
            Cardea__Mail__From="The house <no-reply@example.org>"
            Cardea__Mail__Smtp__Host={SmtpServer.Host}
            Cardea__Mail__Smtp__Port={smtp.Port}
            Cardea__Mail__Smtp__Username={SmtpServer.Username}
            Cardea__Mail__Smtp__Password='{SmtpServer.Password}'
            Cardea__Sessions__MaxPerAccount=3
            """);
        await using var program = ServerProcess.Start(folder.Path, [], new Dictionary<string, string> { ["SSL_CERT_FILE"] = smtp.CaFile, ["Cardea__Sessions__MaxPerAccount"] = "1" });
        using var client = new HttpClient { BaseAddress = await program.ListeningAsync() };
        async Task<Answer> PostAsync(string path, object body)
        {
            using var response = await client.PostAsJsonAsync(path, body);
            return await Answer.OfAsync(response);
        }

        (await PostAsync("/auth/signup", new { email = "alice@example.org", password = "violet tractor lamp nine" })).Expect(HttpStatusCode.Created);
        var mail = await smtp.WaitForAsync(mail => mail.To is ["alice@example.org"]);
        Assert.True(mail.Tls);
        Assert.Equal((SmtpServer.Username, "no-reply@example.org"), (mail.SignedInAs, mail.From));
        var link = mail.Text!.Split('\n', ' ').Single(word => word.StartsWith("https://login.example.org/verify-email?token=", StringComparison.Ordinal)).Trim();
        (await PostAsync("/verify/confirm", new { token = Uri.UnescapeDataString(link.Split("token=")[1]) })).Expect(HttpStatusCode.OK);

        var credentials = new { email = "alice@example.org", password = "violet tractor lamp nine" };
        Assert.True((await PostAsync("/auth/login", credentials)).Expect(HttpStatusCode.OK).Json.GetProperty("user").GetProperty("is_verified").GetBoolean());
        // The environment goes before the file.
        (await PostAsync("/auth/login", credentials)).Expect(HttpStatusCode.Conflict, "session_active");
        Assert.DoesNotContain(SmtpServer.Password, program.Out, StringComparison.Ordinal);
        Assert.All(program.Out.TrimEnd().Split('\n'), line => Assert.Equal(JsonValueKind.Object, JsonSerializer.Deserialize<JsonElement>(line).ValueKind));
    }

    [Fact]
    public async Task A_dot_env_file_says_where_to_listen_and_in_which_environment_unless_something_nearer_does()
    {
        using var folder = new TestFolder();
        folder.File(".env", "ASPNETCORE_ENVIRONMENT=Development\nASPNETCORE_URLS=http://127.0.0.2:0\n");
        await using var byFile = ServerProcess.Start(folder.Path, []);
        var address = await byFile.ListeningAsync();
        Assert.Equal("127.0.0.2", address.Host);
        using var client = new HttpClient();
        using var mailbox = await client.GetAsync(new Uri(address, "/dev/mail/messages")); // there in Development alone
        Assert.Equal(HttpStatusCode.OK, mailbox.StatusCode);

        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.3:0",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Cardea__PublicUrl"] = "https://login.example.org",
            ["Cardea__Mail__Transport"] = "none",
        };
        await using var byVariable = ServerProcess.Start(folder.Path, [], environment);
        Assert.Equal("127.0.0.3", (await byVariable.ListeningAsync()).Host);
        Assert.StartsWith("{", byVariable.Out, StringComparison.Ordinal); // JSON, as in Production

        environment.Remove("ASPNETCORE_ENVIRONMENT");
        await using var byCommandLine = ServerProcess.Start(folder.Path, ["--urls", "http://127.0.0.4:0", "--environment", "Staging"], environment);
        Assert.Equal("127.0.0.4", (await byCommandLine.ListeningAsync()).Host);
        Assert.StartsWith("{", byCommandLine.Out, StringComparison.Ordinal);
    }
}
