using Cardea.Foundation.Data;

namespace Cardea.Server.Commands;

/// <summary><c>cardea migrate</c></summary>
internal static class Migrate
{
    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = Serve.Build(args);
        var ran = await app.Services.GetRequiredService<Migrator>().RunAsync(CancellationToken.None);
        Console.Out.WriteLine(ran.Count == 0 ? "The schema is up to date." : $"Ran {string.Join(", ", ran)}.");
        return 0;
    }
}
