namespace Cardea.Foundation.Settings;

/// <summary>A setting that somebody reads. A secret's value is never kept here, only that there is one.</summary>
public sealed record Setting(string Key, string? Default, string? Value, string Meaning, bool IsList)
{
    public const string Masked = "(secret)";
}
