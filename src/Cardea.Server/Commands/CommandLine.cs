namespace Cardea.Server.Commands;

/// <summary>The command line can't be understood; the sentence says why, and the exit code is 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// What stood behind a command's name, told apart: its words, its options, and the configuration switches that every command takes. What is
/// none of these is refused, so that a slip of the finger is not passed over in silence.
/// </summary>
internal sealed record CommandLine(IReadOnlyList<string> Words, IReadOnlyDictionary<string, IReadOnlyList<string>> Options, string[] Configuration, bool AsksForHelp)
{
    /// <summary>The host's own keys; all others have a section, and with it a colon.</summary>
    private static readonly HashSet<string> HostKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        "urls", "environment", "contentRoot", "applicationName", "http_ports", "https_ports", "AllowedHosts",
    };

    /// <exception cref="UsageException">A word or switch is not one that the command knows, or one that it needs is absent.</exception>
    public static CommandLine Parse(Command command, string[] args)
    {
        var (words, options, configuration) = (new List<string>(), new Dictionary<string, IReadOnlyList<string>>(), new List<string>());
        for (var at = 0; at < args.Length; at++)
        {
            var arg = args[at];
            if (arg is "--help" or "-h")
            {
                return new([], options, [], AsksForHelp: true);
            }

            if (!arg.StartsWith('-') || arg == "-")
            {
                words.Add(arg);
                continue;
            }

            var (name, value) = Split(arg);
            if (command.Options.TryGetValue(name, out var takesValue))
            {
                if (!takesValue && value is not null)
                {
                    throw Fault(command, $"--{name} takes no value");
                }

                options[name] = [.. options.GetValueOrDefault(name, []), takesValue ? value ?? Next(command, args, ref at) : ""];
            }
            else if (arg.StartsWith("--", StringComparison.Ordinal) && (name.Contains(':', StringComparison.Ordinal) || HostKeys.Contains(name) || name.StartsWith("OTEL_", StringComparison.Ordinal)))
            {
                configuration.Add($"--{name}={value ?? Next(command, args, ref at)}");
            }
            else
            {
                throw Fault(command, $"\"{arg}\" is not among its options");
            }
        }

        return words.Count > command.MostWords ? throw Fault(command, $"\"{words[command.MostWords]}\" is one word too many")
            : words.Count < command.LeastWords ? throw Fault(command, "something is missing")
            : new(words, options, [.. configuration], AsksForHelp: false);
    }

    private static (string Name, string? Value) Split(string arg)
    {
        var text = arg.TrimStart('-');
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    private static string Next(Command command, string[] args, ref int at) =>
        at + 1 < args.Length && !args[at + 1].StartsWith("--", StringComparison.Ordinal) ? args[++at] : throw Fault(command, $"{args[at]} needs a value");

    private static UsageException Fault(Command command, string what) =>
        new($"cardea {command.Name}: {what}. Usage: {command.Line}");
}
