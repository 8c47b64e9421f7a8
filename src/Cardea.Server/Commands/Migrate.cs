using Cardea.Foundation.Data;

namespace Cardea.Server.Commands;

/// <summary><c>cardea migrate</c></summary>
internal static class Migrate
{
    public static Command Command { get; } = new("migrate", "", "Brings the database up to this program's schema.", async call =>
    {
        var ran = await call.Get<Migrator>().RunAsync(CancellationToken.None);
        if (await call.MakeKeyAsync() is { } made)
        {
            call.Out.WriteLine($"Made the master key {made}. Keep a copy elsewhere: what this database will hold can't be read without it.");
        }

        call.Out.WriteLine(ran.Count == 0 ? "The schema is up to date." : $"Ran {string.Join(", ", ran)}.");
        return 0;
    })
    {
        More = "The server does the same at its start, and makes the master key as well where there is none yet. There is no way back but a backup.",
    };
}
