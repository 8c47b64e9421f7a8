using System.Globalization;
using System.Text;

namespace Cardea.Server.Commands;

/// <summary>Every command, in the order in which `cardea --help` lists them.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        Serve.Command,
        Migrate.Command,
        SettingsCommand.Command,
        DoctorCommand.Command,
        .. UserCommands.All,
        .. KeyCommands.All,
        .. AuditCommands.All,
        .. BackupCommands.All,
        .. TransferCommands.All,
    ];

    public static string Help
    {
        get
        {
            var text = new StringBuilder("Cardea, the sign-in of any app.\n\n");
            foreach (var command in All)
            {
                text.Append(CultureInfo.InvariantCulture, $"{command.Line}\n    {command.Says}\n");
            }

            return text.Append($"""
                cardea COMMAND --help
                    Says more about one command.
                cardea --version
                cardea --help

                `cardea` alone serves. {Command.Settings}
                docs/reference/settings.md lists them. Exit code: 0 when it worked, 2 when the command line or a setting is wrong, 3 when an import left rows out, 1 otherwise.

                """.ReplaceLineEndings("\n")).ToString();
        }
    }

    /// <summary>The command that the words begin with, and what is left of them.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static (Command Command, string[] Behind) Find(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-'))
        {
            return (Serve.Command, args);
        }

        if (args.Length > 1 && All.FirstOrDefault(command => command.Name == $"{args[0]} {args[1]}") is { } ofGroup)
        {
            return (ofGroup, args[2..]);
        }

        if (All.FirstOrDefault(command => command.Name == args[0]) is { } found)
        {
            return (found, args[1..]);
        }

        var group = GroupOf(args[0]);
        throw new UsageException(group.Count == 0
            ? $"There is no command \"{args[0]}\". `cardea --help` lists the commands."
            : $"cardea {args[0]}: {(args.Length > 1 ? $"there is no \"{args[1]}\"" : "something is missing")}. It is one of: {string.Join(", ", group.Select(command => command.Name))}.");
    }

    /// <summary>The commands that share a first word.</summary>
    public static List<Command> GroupOf(string word) => [.. All.Where(command => command.Name.StartsWith(word + " ", StringComparison.Ordinal))];
}
