using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>A backup taken from a server at work, put back on an empty machine: everything that lets somebody in works there.</summary>
public class BackupChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_21_Password_app_passkey_and_refresh_token_work_where_a_backup_was_restored(Engine engine)
    {
        (string, string)[] settings = [("PublicUrl", "http://localhost:8099")];
        using var folder = new TestFolder();
        var rounds = Scale.Of(1, 10);
        for (var round = 0; round < rounds; round++)
        {
            await using var empty = await TestDatabase.CreateAsync(engine);
            var file = folder.File($"round{round}.backup");
            Actor alice;
            Authenticator phone;
            PasskeyHolder passkey;
            ManualClock clock;
            await using (var app = await TestApp.StartAsync(engine, settings))
            {
                clock = app.Clock;
                alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
                phone = await Authenticator.SetUpAsync(app, alice);
                var bob = await (await (await app.NewActor("bob").SignUpAsync()).VerifyAsync()).SignInAsync();
                passkey = await PasskeyHolder.AddAsync(app, bob, change: one => one.Origin = "http://localhost:8099");
                using var enough = new CancellationTokenSource();
                var load = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
                {
                    while (!enough.IsCancellationRequested)
                    {
                        await (await app.NewActor().SignUpAsync()).SignInAsync();
                    }
                }));
                await Task.Delay(200);
                (await app.CommandAsync("backup", file)).Worked();
                await enough.CancelAsync();
                await load;
                await app.StopAsync();
                File.Copy(Path.Combine(app.Database.Directory, "master.key"), Path.Combine(empty.Directory, "master.key"));
            }

            (await empty.CommandAsync("", "restore", file)).Worked();
            await KillChecks.AssertSoundAsync(empty);
            await using var restored = await TestApp.StartAsync(engine, empty, clock, settings);
            (await empty.CommandAsync("", "audit", "verify")).Worked();
            var there = restored.NewActor().As(alice);
            (await there.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(there), "totp", phone.NextCode())).Expect(OK);
            (await there.TryRefreshAsync(alice.RefreshToken)).Expect(OK);
            (await PasskeyHolder.TrySignInAsync(restored.NewActor(), passkey.Passkey.Get(await PasskeyHolder.OptionsAsync(restored.NewActor())))).Expect(OK);
        }

        Scale.Measured("RE-21", $"{engine}: {rounds} of {rounds} backups under load restored; password, authenticator app, passkey and refresh token work, audit chain whole");
    }
}
