using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Server;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class LgLogTests
{
    private static readonly (string, string)[] Everything = [(":Logging:LogLevel:Default", "Trace"), (":Logging:LogLevel:Microsoft", "Trace"), (":Logging:LogLevel:Npgsql", "Trace"), (":Logging:LogLevel:System", "Trace")];

    [Theory, OnSqlite("link"), OnSqlite("code"), OnSqlite("temporary-password"), OnPostgres("link")]
    public async Task LG_01_A_whole_journey_leaves_no_secret_in_log_trace_or_metric(Engine engine, string recovery)
    {
        var said = new ConcurrentQueue<string>();
        using var traces = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => said.Enqueue($"{activity.DisplayName} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Events.Select(one => $"{one.Name} {string.Join(' ', one.Tags)}"))}"),
        };
        ActivitySource.AddActivityListener(traces);
        using var metrics = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        metrics.SetMeasurementEventCallback<long>((_, _, tags, _) => said.Enqueue(string.Join(' ', tags.ToArray())));
        metrics.SetMeasurementEventCallback<double>((_, _, tags, _) => said.Enqueue(string.Join(' ', tags.ToArray())));
        metrics.Start();

        await using var app = await TestApp.StartAsync(engine, [.. Everything, ("Recovery:Method", recovery)]);
        var secrets = await JourneyAsync(app, recovery);
        secrets.Add(File.ReadAllText(Path.Combine(app.Database.Directory, "master.key")).Trim());
        var all = app.Logs.Text + string.Join('\n', said);
        Assert.True(app.Logs.Lines.Count > 100 && said.Count > 20, "Nothing was listened to.");
        Assert.True(secrets.Count >= 14);
        Assert.All(secrets, secret => Assert.False(
            secret.Length == 6 ? Regex.IsMatch(all, $"(?<![0-9A-Za-z.]){secret}(?![0-9A-Za-z])") : all.Contains(secret, StringComparison.Ordinal) || all.Contains(Uri.EscapeDataString(secret), StringComparison.Ordinal),
            $"{secret} is in: {string.Join('\n', app.Logs.Lines.Concat(said).Where(line => line.Contains(secret, StringComparison.Ordinal)).Take(2))}"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task LG_03_A_fault_of_ours_shows_a_request_id_and_nothing_else(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        await app.Database.ExecuteAsync("DROP TABLE audit_events");
        foreach (var answer in new[] { await alice.TrySignInAsync(), await alice.PatchAsync("/users/me", new { given_name = "Canary" }), await alice.PostAsync("/auth/logout"), await alice.GetAsync("/users/me/export") })
        {
            answer.Expect(HttpStatusCode.InternalServerError, "internal_error");
            Assert.Equal("application/problem+json", answer.Header("Content-Type"));
            Assert.Equal(["code", "detail", "error", "status", "title", "type"], answer.Json.EnumerateObject().Select(member => member.Name).Order());
            Assert.DoesNotMatch("(?i)audit|sqlite|npgsql|postgres|sql|exception|table|Cardea\\.|\\.cs|Canary", answer.Body);
            // The log has what the answer hasn't, under the same id.
            Assert.Contains(app.Logs.Lines, line => line.Contains(answer.Header("X-Request-Id")!, StringComparison.Ordinal) && line.Contains("audit_events", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task LG_02_In_Production_every_line_is_one_event_whatever_a_request_holds()
    {
        var directory = Directory.CreateTempSubdirectory("cardea-log-").FullName;
        using var program = Start(directory);
        var lines = new ConcurrentQueue<string>();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        program.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                lines.Enqueue(text);
                if (Regex.Match(text, "listening on (http://[0-9.:]+)") is { Success: true } at)
                {
                    listening.TrySetResult(new Uri(at.Groups[1].Value));
                }
            }
        };
        program.BeginOutputReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = await listening.Task.WaitAsync(TimeSpan.FromSeconds(30)) };
            const string Fake = "\r\n{\"EventId\":1,\"LogLevel\":\"Information\",\"Message\":\"fake\"}\r\n";
            foreach (var text in new[] { Fake, "\u001b[2J", "\u2028fake", "\u0085fake", "\n\n", "\u202efake" })
            {
                await client.GetAsync(new Uri("/" + Uri.EscapeDataString(text), UriKind.Relative));
                await client.GetAsync(new Uri("/health?" + Uri.EscapeDataString(text), UriKind.Relative));
                await client.DeleteAsync(new Uri("/sessions/" + Uri.EscapeDataString(text), UriKind.Relative));
                await client.PostAsync(new Uri("/auth/signup", UriKind.Relative), new StringContent(JsonSerializer.Serialize(new { email = text, username = text, given_name = text, password = text }), null, "application/json"));
                await client.PostAsync(new Uri("/auth/login", UriKind.Relative), new StringContent(JsonSerializer.Serialize(new { login = "nobody", password = text }), null, "application/json"));
            }
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync();
            Directory.Delete(directory, recursive: true);
        }

        Assert.True(lines.Count > 50, $"{lines.Count} lines"); // turned up to Trace, so there is something to look at
        Assert.All(lines, line =>
        {
            var written = JsonSerializer.Deserialize<JsonElement>(line);
            Assert.Equal(JsonValueKind.Object, written.ValueKind);
            Assert.NotEqual("fake", written.GetProperty("Message").GetString());
            Assert.EndsWith("Z", written.GetProperty("Timestamp").GetString(), StringComparison.Ordinal);
            Assert.DoesNotContain(line, letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\u202e');
        });
    }

    private static Process Start(string directory)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        foreach (var arg in new[]
        {
            typeof(CardeaProgram).Assembly.Location, "serve", "--urls", "http://127.0.0.1:0", "--environment", "Production", "--Cardea:PublicUrl=http://localhost", "--Cardea:Mail:Transport=none",
            $"--Cardea:DataDirectory={directory}/data", "--Cardea:Passwords:MemoryKiB=1024", "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft=Trace",
        })
        {
            start.ArgumentList.Add(arg);
        }

        return Process.Start(start)!;
    }

    /// <summary>Everything that handles a secret, right and wrong ones, and each in a place where it doesn't belong.</summary>
    private static async Task<List<string>> JourneyAsync(TestApp app, string recovery)
    {
        var alice = app.NewActor("alice");
        alice.Password = "canary-password-one 7c1f";
        const string Second = "canary-password-two 91ab", Third = "canary-password-three 55de", Wrong = "canary-password-wrong 40ee", InWrongField = "canaryPasswordInWrongField";
        var secrets = new List<string> { alice.Password, Second, Third, Wrong, InWrongField };
        void Keep(params string?[] more) => secrets.AddRange(more.OfType<string>());
        void KeepTokens() => Keep(alice.AccessToken, alice.AccessToken!.Split('.')[2], alice.RefreshToken);

        await alice.SignUpAsync();
        var mail = await app.LastMailToAsync(alice.Email);
        Keep(mail.Token, mail.Code);
        await alice.GetAsync(new Uri(mail.Links[0]).PathAndQuery);
        await alice.PostAsync("/verify/confirm", new { token = mail.Token });
        await alice.TrySignInAsync(Wrong);
        await alice.TrySignInAsync(Wrong, login: InWrongField);
        await alice.PostAsync("/password/forgot", new { username = InWrongField });
        await alice.SignInAsync();
        KeepTokens();
        Keep(alice.Cookies.GetAllCookies().Select(cookie => cookie.Value).ToArray());
        await alice.TryRefreshAsync();
        KeepTokens();
        await alice.GetAsync($"/users/me?access_token={alice.AccessToken}&refresh_token={alice.RefreshToken}");
        await alice.SendAsync(HttpMethod.Get, "/users/me", withToken: false, change: request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer x" + alice.AccessToken));
        await alice.PostAsync("/auth/refresh", new { refresh_token = alice.RefreshToken + "x" });
        await alice.PostAsync("/auth/login", $"{{\"email\":\"{alice.Email}\",\"password\":\"{Wrong}\",\"{InWrongField}\":1}}");
        await alice.PostAsync("/auth/login", $"{{\"email\":\"{alice.Email}\",\"password\":\"{Wrong}\",\"\":");
        await alice.PatchAsync("/users/me", new { email = "new-" + alice.Email });
        var change = await app.LastMailToAsync("new-" + alice.Email);
        Keep(change.Token, change.Code);
        await alice.PostAsync("/verify/confirm", new { email = "new-" + alice.Email, code = change.Code });
        alice.Email = "new-" + alice.Email;
        await alice.PostAsync("/password/change", new { current_password = Wrong, new_password = Second });
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = Second })).Expect(HttpStatusCode.OK);
        var reset = await OtTokenTests.ForgotAsync(app, alice);
        Keep(reset.Code, reset.Links.Count == 0 ? null : reset.Token);
        var due = recovery == "temporary-password" ? (await alice.TrySignInAsync(reset.Code)).Member("password_change_token") : null;
        Keep(due);
        (await alice.PostAsync("/password/reset", recovery == "code"
            ? new { email = alice.Email, code = reset.Code, password = Third }
            : new { token = due ?? reset.Token, password = Third })).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync(Third)).Expect(HttpStatusCode.OK);
        KeepTokens();
        await alice.GetAsync("/users/me/export");
        await alice.PostAsync("/auth/logout");
        // A fault of ours while secrets are in hand.
        await app.Database.ExecuteAsync("DROP TABLE audit_events");
        (await alice.TrySignInAsync(Third)).Expect(HttpStatusCode.InternalServerError);
        return secrets;
    }
}
