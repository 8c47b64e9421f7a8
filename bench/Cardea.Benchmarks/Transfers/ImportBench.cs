using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Passwords;

namespace Cardea.Benchmarks.Transfers;

/// <summary>
/// 100,000 accounts with hashes, imported by the published program from CSV and from JSON lines: into an empty database, and once more when all of them are
/// there. On SQLite, and on the PostgreSQL server of CARDEA_TEST_POSTGRES, in a database of its own name that is made and dropped by psql.
/// </summary>
internal static class ImportBench
{
    private const string Postgres = "CARDEA_TEST_POSTGRES";

    public static int Run(TextWriter output, string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        var scratch = Directory.CreateTempSubdirectory("cardea-bench-").FullName;
        try
        {
            var program = Published.Make(scratch);
            var (csv, lines) = (Path.Combine(scratch, "people.csv"), Path.Combine(scratch, "people.jsonl"));
            Write(csv, count, "email,email_verified,username,given_name,family_name,roles,created_at,password_hash", number =>
                $"person{number}@example.org,true,person{number},Alice,Example,user,2020-01-01T00:00:00Z,\"{Argon2()}\"");
            Write(lines, count, null, number => JsonSerializer.Serialize(new
            {
                email = $"person{number}@example.org",
                email_verified = true,
                username = $"person{number}",
                given_name = "Alice",
                family_name = "Example",
                roles = (string[])["user"],
                created_at = "2020-01-01T00:00:00Z",
                password_hash = AspNetIdentity(),
            }));
            foreach (var file in (string[])[csv, lines])
            {
                Measure(output, program, Path.Combine(scratch, "sqlite-" + Path.GetExtension(file)[1..]), file, count, null);
                if (Environment.GetEnvironmentVariable(Postgres) is { Length: > 0 } server)
                {
                    MeasurePostgres(output, program, scratch, file, count, server);
                }
            }

            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static void MeasurePostgres(TextWriter output, string program, string scratch, string file, int count, string server)
    {
        var parts = server.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)).ToDictionary(part => part[0].Trim(), part => part[1], StringComparer.OrdinalIgnoreCase);
        var name = $"cardea_bench_{Environment.ProcessId}";
        string[] connection = ["-h", parts["Host"], "-p", parts.GetValueOrDefault("Port", "5432"), "-U", parts["Username"]];
        Execute("createdb", [.. connection, name]);
        try
        {
            parts["Database"] = name;
            Measure(output, program, Path.Combine(scratch, "postgres-" + Path.GetExtension(file)[1..]), file, count, string.Join(';', parts.Select(part => $"{part.Key}={part.Value}")));
        }
        finally
        {
            Execute("dropdb", [.. connection, name]);
        }
    }

    private static void Measure(TextWriter output, string program, string data, string file, int count, string? postgres)
    {
        string[] import =
        [
            "import", file, "--environment", "Production", "--Cardea:PublicUrl=http://localhost:8080", "--Cardea:Mail:Transport=none", $"--Cardea:DataDirectory={data}",
            .. postgres is null ? (string[])[] : ["--Cardea:Database:Provider=postgres", $"--Cardea:Database:ConnectionString={postgres}"],
        ];
        var first = Execute(program, import);
        var again = Execute(program, import);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(postgres is null ? "SQLite" : "PostgreSQL"),-10}  {Path.GetExtension(file)[1..],-5}  {count} accounts  imported in {first.TotalSeconds:0.0} s, {count / first.TotalSeconds:0}/s; again, all there, in {again.TotalSeconds:0.0} s"));
    }

    private static TimeSpan Execute(string program, string[] arguments)
    {
        var begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(begun) : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {said}");
    }

    private static void Write(string path, int count, string? head, Func<int, string> line)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (head is not null)
        {
            writer.WriteLine(head);
        }

        for (var number = 0; number < count; number++)
        {
            writer.WriteLine(line(number));
        }
    }

    /// <summary>The hash of no password that anybody knows: an import looks at its form alone.</summary>
    private static string Argon2() => new Argon2Phc(Argon2Parameters.Minimum, RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(32)).ToString();

    private static string AspNetIdentity() => Convert.ToBase64String([1, 0, 0, 0, 2, 0, 1, 0x86, 0xA0, 0, 0, 0, 16, .. RandomNumberGenerator.GetBytes(48)]);
}
