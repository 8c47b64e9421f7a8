using Cardea.Benchmarks;
using Cardea.Benchmarks.Accounts;
using Cardea.Benchmarks.Http;

switch (args.FirstOrDefault())
{
    case "argon2":
        Argon2Bench.Run(Console.Out);
        return 0;
    case "accounts":
        return await AccountsBench.RunAsync(Console.Out, args[1..]);
    case "http":
        return await HttpBench.RunAsync(Console.Out, args[1..]);
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
            accounts [COUNT] [SERVER]    list, search and sign-in among a thousand accounts and among COUNT (a million); on SQLite, or in new databases of the PostgreSQL server given
            http [CONNECTION_STRING]     the published server, beside a bare Kestrel and bare Argon2id; on SQLite, or on the PostgreSQL database given
            start                        start, memory and size by the ways to publish
            """);
        return 2;
}
