namespace Cardea.Foundation.Settings;

/// <summary>The settings don't make a server. The message is for the operator and holds every fault, one a line.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
