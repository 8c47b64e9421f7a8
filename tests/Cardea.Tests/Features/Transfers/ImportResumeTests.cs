using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Transfers;

/// <summary>An import that is tried first, killed, started again, and run while people sign up.</summary>
public sealed class ImportResumeTests : IDisposable
{
    private const int Many = 4000;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite, OnPostgres]
    public async Task A_dry_run_tells_the_same_and_writes_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = app.NewActor("alice");
        alice.Username = "Alice";
        await alice.SignUpAsync();
        var file = _folder.File("people.csv", $"email,username,roles\na@example.org,ann,editor\nb@example.org,ANN,\na@example.org,,\n{alice.Email},,\nc@example.org,alice,\nd@example.org,,admin\n");
        var before = await DumpAsync(app);

        var tried = await app.ImportAsync(_folder, file, "--dry-run", "--create-roles");

        Assert.Equal(before, await DumpAsync(app));
        Assert.Equal((3, "6 rows: 1 would be imported, 1 already there, 4 skipped. Nothing was written.\n  administrator: 1\n  doubled_in_file: 1\n  username_taken: 2\n"), (tried.Ended.ExitCode, tried.Ended.Out));
        var done = await app.ImportAsync(_folder, file, "--create-roles");
        Assert.Equal(
            ["2 imported", "3 skipped username_taken", "4 skipped doubled_in_file", "5 already_there", "6 skipped username_taken", "7 skipped administrator admin"], done.Outcomes);
        Assert.Equal(tried.Outcomes, done.Outcomes);
        Assert.False(tried.Rows[0].TryGetProperty("account_id", out _)); // nobody has it yet
        Assert.Equal(alice.Id, done.Rows[3].GetProperty("account_id").GetString());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_was_imported_is_neither_doubled_nor_brought_back(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var hash = await DonatedHashAsync(app);
        var file = _folder.File("people.csv", $"id,email,password_hash\n1,moved@example.org,\"{hash}\"\n2,gone@example.org,\"{hash}\"\n3,here@example.org,\"{hash}\"\n");
        (await app.ImportAsync(_folder, file)).Worked();
        var gone = await app.NewActor("gone", "gone@example.org").SignInAsync();
        (await gone.DeleteAsync("/users/me", new { password = Moving.Password })).Expect(HttpStatusCode.OK);
        await app.Database.ExecuteAsync("UPDATE accounts SET email = 'elsewhere@example.org' WHERE email = 'moved@example.org'");

        var again = (await app.ImportAsync(_folder, file)).Worked();

        Assert.Equal(["2 already_there gone_since", "3 already_there gone_since", "4 already_there"], again.Outcomes);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE email IN ('moved@example.org', 'gone@example.org')"));
        var left = (await Security.Inside.DumpAsync(app)).Split('\n').Where(line => !line.StartsWith("mailbox.", StringComparison.Ordinal)); // the last mail that told of it
        Assert.DoesNotContain(left, line => line.Contains("gone@example.org", StringComparison.Ordinal)); // what is remembered is no address

        // Another system may well have an account 1 of its own, and whoever says so gets back who has gone.
        var other = _folder.File("other.csv", "id,email\n1,another@example.org\n");
        Assert.Equal(["2 imported"], (await app.ImportAsync(_folder, other)).Outcomes);
        Assert.Equal(["2 imported", "3 imported", "4 already_there"], (await app.ImportAsync(_folder, file, "--again")).Outcomes);
        await app.SignsInAsync("gone@example.org");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_import_that_is_killed_goes_on_and_doubles_nobody(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var file = ManyPeople();
        string[] settings =
        [
            "--environment", "Development", $"--Cardea:DataDirectory={app.Database.Directory}", $"--Cardea:Database:Provider={(engine is Engine.Sqlite ? "sqlite" : "postgres")}",
            $"--Cardea:Database:ConnectionString={app.Database.ConnectionString}",
        ];
        await using (ServerProcess.Start(_folder.Path, ["import", file, .. settings]))
        {
            await Eventually.IsAsync(async () => await CountAsync(app) > 500, "some are imported");
        } // which kills it

        var killedAt = await CountAsync(app);
        Assert.InRange(killedAt, 501, Many - 1);
        var rest = (await app.ImportAsync(_folder, file)).Worked();

        Assert.Matches($"^{Many} rows: [0-9]+ imported, [0-9]+ already there, 0 skipped\\.\n$", rest.Ended.Out);
        Assert.Equal(Many, await CountAsync(app));
        Assert.Equal(Many, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'account.imported'"));
        Assert.Equal(Many, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'user' AND a.email LIKE 'person%'"));
        Assert.Equal(Many, rest.Rows.Select(row => row.GetProperty("account_id").GetString()).Distinct().Count());
        (await app.CommandAsync("audit", "verify")).Imported();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task People_sign_up_while_an_import_runs_and_nobody_is_doubled_or_refused(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var file = ManyPeople();
        var import = app.Database.CommandAsync("", "import", file, "--report", _folder.File("report.jsonl"));
        var (made, taken, slowest) = (0, 0, TimeSpan.Zero);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async worker =>
        {
            for (var number = Many - 1 - worker; number >= 0 && !import.IsCompleted; number -= 3)
            {
                var begun = Stopwatch.GetTimestamp();
                var answer = await app.NewActor("early", $"person{number:D5}@example.org").TrySignUpAsync();
                slowest = new(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(begun).Ticks));
                Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.Conflict, $"A sign-up was answered {answer.Status}.");
                Interlocked.Increment(ref answer.Status is HttpStatusCode.Created ? ref made : ref taken);
            }
        }));

        var ended = (await import).Imported();

        Assert.True(made > 0);
        Assert.Contains($"{Many} rows: {Many - made} imported, {made} already there, 0 skipped.", ended.Out);
        Assert.Equal(Many, await CountAsync(app));
        Assert.True(slowest < TimeSpan.FromSeconds(5), $"A sign-up waited {slowest}.");
        (await app.NewActor("late", "person00000@example.org").TrySignUpAsync()).Expect(HttpStatusCode.Conflict);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Two_imports_of_one_file_at_once_import_it_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var file = ManyPeople(1500);

        var ended = await Race.RunAsync(2, _ => app.CommandAsync("import", file));

        Assert.All(ended, one => one.Imported());
        Assert.Equal(1500, await CountAsync(app));
        Assert.Equal(1500, ended.Sum(one => int.Parse(one.Out.Split(": ")[1].Split(' ')[0], CultureInfo.InvariantCulture)));
        Assert.Equal(1500, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'account.imported'"));
    }

    private string ManyPeople(int count = Many)
    {
        var csv = new StringBuilder("email,username,given_name\n");
        for (var number = 0; number < count; number++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"person{number:D5}@example.org,person{number:D5},Person\n");
        }

        return _folder.File("many.csv", csv.ToString());
    }

    private static Task<long> CountAsync(TestApp app) => app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE email LIKE 'person%'");

    private static async Task<string> DonatedHashAsync(TestApp app)
    {
        var actor = await app.NewActor("donor").SignUpAsync();
        return await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE email = @Email", new { actor.Email });
    }

    /// <summary>Mails are sent by a job meanwhile; that is no difference.</summary>
    private static async Task<string> DumpAsync(TestApp app)
    {
        await app.MailsToAsync("nobody@example.org");
        return await Security.Inside.DumpAsync(app);
    }
}
