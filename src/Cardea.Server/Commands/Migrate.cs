using Cardea.Foundation.Data;

namespace Cardea.Server.Commands;

/// <summary><c>cardea migrate</c></summary>
internal static class Migrate
{
    public static Command Command { get; } = new("migrate", "", "Brings the database up to this program's schema.", async call =>
    {
        var ran = await call.Get<Migrator>().RunAsync(CancellationToken.None);
        call.Out.WriteLine(ran.Count == 0 ? "The schema is up to date." : $"Ran {string.Join(", ", ran)}.");
        return 0;
    })
    {
        More = "The server does the same at its start. There is no way back but a backup.",
    };
}
