using Cardea.Foundation.Problems;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace Cardea.Foundation.Settings;

/// <summary>A setting as it is in force.</summary>
/// <param name="Value">Null when there is none, and <paramref name="Absence"/> says how; a secret is masked.</param>
/// <param name="Source">Where it comes from.</param>
public sealed record SettingInForce(string Key, string? Value, Phrase? Absence, Phrase Source);

/// <summary>What the settings are, for who runs the server: the same at the command line and in the administration.</summary>
public sealed class SettingsInForce(SettingsReader settings, IConfiguration configuration)
{
    public IReadOnlyList<SettingInForce> List() => [.. settings.Known.Select(setting => new SettingInForce(setting.Key, Value(setting), Absence(setting), Source(setting)))];

    private string? Value(Setting setting) =>
        setting.Value is { Length: > 0 } value ? value
        : setting.Value is null && !string.IsNullOrWhiteSpace(configuration[setting.Key + "File"]) ? Setting.Masked
        : null;

    private Phrase? Absence(Setting setting) => Value(setting) is not null ? null
        : setting.IsList ? new Phrase("none")
        : setting.Value is null ? new Phrase("unset")
        : new Phrase("empty");

    /// <summary>The last source that has it is the one that counts. What .env says has become a variable of the environment.</summary>
    private Phrase Source(Setting setting)
    {
        var source = (configuration as IConfigurationRoot)?.Providers
            .LastOrDefault(provider => Has(provider, setting.Key) || (!setting.Key.EndsWith("File", StringComparison.Ordinal) && Has(provider, setting.Key + "File")));
        return source switch
        {
            null => new Phrase("default"),
            JsonConfigurationProvider json => new Phrase("set in {0}", json.Source.Path ?? ""),
            EnvironmentVariablesConfigurationProvider => new Phrase("set in the environment or .env"),
            CommandLineConfigurationProvider => new Phrase("set on the command line"),
            _ => new Phrase("set"),
        };
    }

    private static bool Has(IConfigurationProvider provider, string key) =>
        (provider.TryGet(key, out var value) && !string.IsNullOrWhiteSpace(value)) || provider.GetChildKeys([], key).Any();
}
