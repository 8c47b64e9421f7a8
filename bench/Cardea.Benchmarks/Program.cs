using Cardea.Benchmarks;

switch (args.FirstOrDefault())
{
    case "argon2":
        Argon2Bench.Run(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Cardea.Benchmarks -- argon2");
        return 2;
}
