using System.Globalization;

namespace Cardea.Benchmarks.Http;

/// <summary>What it takes until the first answer, by the ways to publish, in turns: start, memory, size.</summary>
internal static class StartBench
{
    private const int Rounds = 15;

    private static readonly (string Name, string[] Arguments)[] Ways =
    [
        ("for an installed .NET, compiled ahead (the default)", []),
        ("for an installed .NET, compiled at run time", ["-p:PublishReadyToRun=false"]),
        ("one file with .NET in it, compiled ahead", ["--self-contained", "-p:PublishSingleFile=true"]),
    ];

    public static async Task<int> RunAsync(TextWriter output)
    {
        var scratch = Directory.CreateTempSubdirectory("cardea-bench-").FullName;
        try
        {
            var environment = Published.Environment(Path.Combine(scratch, "data"), null);
            var programs = Ways.Select((way, number) => (way.Name, Program: Published.Make(Path.Combine(scratch, $"way{number}"), way.Arguments), Starts: new List<double>(), Idle: new List<long>())).ToList();
            using (await Contestant.StartAsync(programs[0].Program, [], environment, "/health"))
            {
                // The first one makes the database and the key.
            }

            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (_, program, starts, idle) in programs)
                {
                    using var server = await Contestant.StartAsync(program, [], environment, "/health");
                    starts.Add(server.Start.TotalMilliseconds);
                    if (round % 5 == 0)
                    {
                        await Task.Delay(TimeSpan.FromSeconds(5));
                        idle.Add(server.Memory("VmRSS"));
                    }
                }
            }

            output.WriteLine("| published | size | start to the first 200: min, median, max | idle memory |");
            output.WriteLine("|---|---:|---:|---:|");
            foreach (var (name, program, starts, idle) in programs)
            {
                starts.Sort();
                idle.Sort();
                var size = new DirectoryInfo(Path.GetDirectoryName(program)!).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Extension != ".pdb").Sum(file => file.Length);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"| {name} | {size / 1048576.0:0.0} MB | {starts[0]:0}, {starts[starts.Count / 2]:0}, {starts[^1]:0} ms | {idle[idle.Count / 2] / 1024} MiB |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
