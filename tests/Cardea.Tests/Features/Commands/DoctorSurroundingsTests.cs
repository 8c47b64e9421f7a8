using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Commands;

/// <summary>`cardea doctor` on what surrounds the server: the database server's clock, the disk, certificates.</summary>
public sealed class DoctorSurroundingsTests
{
    [Theory, OnPostgres]
    public async Task A_database_server_whose_clock_is_another_is_found(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        await app.NewActor().SignUpAsync();
        await app.SealedAsync();
        // As a server would answer whose clock is an hour behind: what is asked is found here before it is found where PostgreSQL has it.
        await app.Database.ExecuteAsync("CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 hour' $$");
        await app.Database.ExecuteAsync("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$");
        var ended = await app.CommandAsync("doctor", "--Cardea:Database:ConnectionString=" + app.Database.ConnectionString + ";Application Name=doctor"); // a pool of its own, whose connections know of it
        Finds(ended, "FAULT  clock: The database's clock says", "Synchronize the clock");
    }

    [SmallDiskFact]
    public async Task Little_room_on_the_disk_is_found()
    {
        using var disk = SmallDisk.Mount(8);
        Finds(await OnAsync(disk), "FAULT  disk: ", $" MiB are left where {disk.Path} lies.", "Make room");
    }

    [SmallDiskFact]
    public async Task A_folder_that_can_not_be_written_is_found()
    {
        using var disk = SmallDisk.Mount(8);
        disk.MakeReadOnly();
        Finds(await OnAsync(disk), $"FAULT  data directory: {disk.Path} can't be written to", "give the folder to that user");
    }

    [Fact]
    public async Task A_certificate_that_can_not_be_used_is_found()
    {
        using var folder = new TestFolder();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 Made(int from, int to) => new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(from), DateTimeOffset.UtcNow.AddDays(to));
        using X509Certificate2 good = Made(-1, 90), old = Made(-90, -1), early = Made(2, 90);
        var (path, keyPath) = (folder.File("server.crt"), folder.File("server.key", key.ExportPkcs8PrivateKeyPem()));
        // Without a data directory, which is worth a note and no fault.

        Task<Ended> WithAsync(params string[] more) => Cli.RunAsync("", ["doctor", "--environment", "Development", $"--Cardea:DataDirectory={folder.File("data")}", $"--Kestrel:Certificates:Default:Path={path}", .. more]);

        Finds(await WithAsync(), "FAULT  settings: Kestrel:Certificates:Default:Path", path);
        await File.WriteAllTextAsync(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Finds(await WithAsync(), "FAULT  certificate: ", "can't be read as a certificate", "names PEM files that this user can read");
        await File.WriteAllTextAsync(path, old.ExportCertificatePem());
        Finds(await WithAsync(), "server.crt has run out on", "Renew it: a running server takes the new files without a restart");
        await File.WriteAllTextAsync(path, early.ExportCertificatePem());
        Finds(await WithAsync(), "server.crt is good only from", "or this machine's clock is behind");
        await File.WriteAllTextAsync(path, good.ExportCertificatePem());
        Assert.Contains("ok     certificate: ", (await WithAsync($"--Kestrel:Certificates:Default:KeyPath={keyPath}")).Worked().Out, StringComparison.Ordinal);
        Finds(await WithAsync($"--Kestrel:Certificates:Default:KeyPath={folder.File("other.key", other.ExportPkcs8PrivateKeyPem())}"), "FAULT  certificate: ", "can't be used together", "Put both files of one order in place");
        Finds(await WithAsync($"--Kestrel:Certificates:Default:KeyPath={folder.File("missing.key")}"), "missing.key");
    }

    private static Task<Ended> OnAsync(SmallDisk disk) => Cli.RunAsync("", "doctor", "--environment", "Development", $"--Cardea:DataDirectory={disk.Path}");

    private static void Finds(Ended ended, params string[] told)
    {
        DoctorTests.TellsOneFault(ended, told);
    }
}
