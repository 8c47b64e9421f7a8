using Cardea.Benchmarks;
using Cardea.Benchmarks.Accounts;
using Cardea.Benchmarks.Http;
using Cardea.Benchmarks.Transfers;

switch (args.FirstOrDefault())
{
    case "argon2":
        Argon2Bench.Run(Console.Out);
        return 0;
    case "accounts":
        return await AccountsBench.RunAsync(Console.Out, args[1..]);
    case "http":
        return await HttpBench.RunAsync(Console.Out, args[1..]);
    case "import":
        return ImportBench.Run(Console.Out, args[1..]);
    case "flood":
        return await FloodBench.RunAsync(Console.Out, args[1..]);
    case "memory":
        return await MemoryBench.RunAsync(Console.Out, args[1..]);
    case "start":
        return await StartBench.RunAsync(Console.Out);
    case "bare":
        await BareServer.RunAsync(args[1..]);
        return 0;
    default:
        Console.Error.WriteLine(
            """
            usage: dotnet run -c Release --project bench/Cardea.Benchmarks -- COMMAND

            argon2                       a password hash, beside libsodium and libargon2
            flood PROGRAM [SECONDS]      a published `cardea` under 200 wrong passwords a second, from one address and from a thousand
            accounts [COUNT] [SERVER]    list, search and sign-in among a thousand accounts and among COUNT (a million); on SQLite, or in new databases of the PostgreSQL server given
            http [CONNECTION_STRING]     the published server, beside a bare Kestrel and bare Argon2id; on SQLite, or on the PostgreSQL database given
            import [COUNT]               100,000 accounts with hashes, from CSV and JSON lines, into SQLite, and into PostgreSQL where CARDEA_TEST_POSTGRES is set
            memory PROGRAM [MINUTES]     a published `cardea` under a million each of names, addresses, challenges, tokens and sessions that never come twice
            start                        start, memory and size by the ways to publish
            """);
        return 2;
}
