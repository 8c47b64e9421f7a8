using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cardea.Tests.Harness;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>No room left: for the database, or for the log.</summary>
public class DiskChecks
{
    [SmallDiskFact]
    public async Task RE_08_On_a_full_disk_reading_goes_on_writing_is_refused_and_freeing_it_is_enough()
    {
        using var disk = SmallDisk.Mount(96);
        var database = TestDatabase.OnDisk(Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName);
        await using var server = await RunningServer.StartAsync(database);
        var alice = await server.PostAsync("/auth/signup", new { email = "alice@example.org", password = "violet tractor lamp nine" });
        alice.Expect(Created);
        var token = (await server.PostAsync("/auth/login", new { login = "alice@example.org", password = "violet tractor lamp nine" })).Member("access_token");
        var (backs, refused) = (new List<TimeSpan>(), 0);
        for (var round = 0; round < Scale.Of(1, 10); round++)
        {
            var load = MixedLoad.Start(server);
            await Eventually.IsAsync(() => Task.FromResult(load.Acknowledged > 5), "something was acknowledged");
            disk.Fill();
            var full = Probe.Start(number => server.TryPostAsync("/auth/signup", new { email = $"late{Guid.NewGuid():n}@example.org", password = "violet tractor lamp nine" }));
            await Eventually.IsAsync(() => Task.FromResult(full.Answered.Any(one => one.Answer?.Status is ServiceUnavailable)), "a write was refused");
            foreach (var path in (string[])["/health", "/.well-known/jwks.json", "/users/me", "/sessions", "/login"])
            {
                (await server.GetAsync(path, path == "/login" ? null : token)).Expect(OK);
            }

            await Task.Delay(500);
            disk.Free();
            var freed = full.Now;
            await Eventually.IsAsync(() => Task.FromResult(full.Answered.Any(one => one.At >= freed && one.Answer?.Status is Created)), $"a write worked again with {new DriveInfo(disk.Path).AvailableFreeSpace} bytes free; last: {full.Answered.Last().Answer}");
            backs.Add(full.Answered.First(one => one.At >= freed && one.Answer?.Status is Created) is var first ? first.At + first.Took - freed : default);
            await full.StopAsync();
            await load.StopAsync();

            full.AllAre(Created, ServiceUnavailable);
            refused += full.Answered.Count(one => one.Answer?.Status is ServiceUnavailable);
            Scale.Within(TimeSpan.FromSeconds(5), backs[^1], "The first write on the freed disk");
            Assert.Empty(load.Wrong);
            await KillChecks.AssertSoundAsync(database);
            await LedgerAudit.HoldsAsync(server, load.Ledger);
        }

        Assert.False(server.Process.HasExited);
        Scale.Measured("RE-08", $"{backs.Count} times full: {refused} writes refused with 503, first write at most {backs.Max().TotalSeconds:F2} s after there was room, 0 lost, integrity ok");
    }

    /// <summary>What can't be logged is lost, and nobody waits for it.</summary>
    [Fact]
    public async Task RE_08_A_log_that_takes_no_more_stops_no_request()
    {
        using var folder = new TestFolder();
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var program = Path.Combine(AppContext.BaseDirectory, "Cardea.Server.dll");
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet {program} --environment Development --urls http://127.0.0.1:{port} --Logging:LogLevel:Default=Trace >/dev/full 2>/dev/full"]) { WorkingDirectory = folder.Path };
        using var process = Process.Start(start)!;
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(20) };
            await Eventually.IsAsync(async () => await StatusAsync(http, "/health") is OK, "it served");
            for (var number = 0; number < Scale.Of(50, 2000); number++)
            {
                Assert.Equal(number % 2 == 0 ? OK : Unauthorized, await StatusAsync(http, number % 2 == 0 ? "/health/ready" : "/users/me"));
            }

            Assert.False(process.HasExited);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<HttpStatusCode?> StatusAsync(HttpClient http, string path)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
