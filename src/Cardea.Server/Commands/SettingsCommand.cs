using Cardea.Foundation.Settings;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace Cardea.Server.Commands;

/// <summary><c>cardea settings</c></summary>
internal static class SettingsCommand
{
    public static Command Command { get; } = new("settings", "", "Shows the settings in force and where each comes from; secrets are masked.", call =>
    {
        var configuration = (IConfigurationRoot)call.Get<IConfiguration>();
        var rows = call.Get<SettingsReader>().Known.Select(setting => (setting.Key, Value: Shown(setting, configuration), Source: Source(setting, configuration))).ToList();
        var (keys, values) = (rows.Max(row => row.Key.Length), Math.Min(60, rows.Max(row => row.Value.Length)));
        foreach (var (key, value, source) in rows)
        {
            call.Out.WriteLine($"{key.PadRight(keys)}  {value.PadRight(values)}  {source}");
        }

        return Task.FromResult(0);
    });

    private static string Shown(Setting setting, IConfigurationRoot configuration) =>
        setting.Value is { Length: > 0 } value ? value
        : setting.Value is null && !string.IsNullOrWhiteSpace(configuration[setting.Key + "File"]) ? Setting.Masked
        : setting.IsList ? "none"
        : setting.Value is null ? "unset"
        : "empty";

    /// <summary>The last source that has it is the one that counts. What .env says has become a variable of the environment.</summary>
    private static string Source(Setting setting, IConfigurationRoot configuration)
    {
        var source = configuration.Providers.LastOrDefault(provider => Has(provider, setting.Key) || (!setting.Key.EndsWith("File", StringComparison.Ordinal) && Has(provider, setting.Key + "File")));
        return source switch
        {
            null => "default",
            JsonConfigurationProvider json => $"set in {json.Source.Path}",
            EnvironmentVariablesConfigurationProvider => "set in the environment or .env",
            CommandLineConfigurationProvider => "set on the command line",
            _ => "set",
        };
    }

    private static bool Has(IConfigurationProvider provider, string key) =>
        (provider.TryGet(key, out var value) && !string.IsNullOrWhiteSpace(value)) || provider.GetChildKeys([], key).Any();
}
