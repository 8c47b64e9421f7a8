using Cardea.Foundation.Settings;

namespace Cardea.Server.Commands;

/// <summary><c>cardea settings</c></summary>
internal static class SettingsCommand
{
    public static Command Command { get; } = new("settings", "", "Shows the settings in force and where each comes from; secrets are masked.", call =>
    {
        var rows = call.Get<SettingsInForce>().List().Select(setting => (setting.Key, Value: setting.Value ?? setting.Absence!.ToString(), Source: setting.Source.ToString())).ToList();
        var (keys, values) = (rows.Max(row => row.Key.Length), Math.Min(60, rows.Max(row => row.Value.Length)));
        foreach (var (key, value, source) in rows)
        {
            call.Out.WriteLine($"{key.PadRight(keys)}  {value.PadRight(values)}  {source}");
        }

        return Task.FromResult(0);
    });
}
