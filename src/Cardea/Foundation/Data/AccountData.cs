namespace Cardea.Foundation.Data;

/// <summary>
/// What a room stores about an account, as the export shows it. Every table with an account's id belongs to one of these; a test holds that
/// complete.
/// </summary>
/// <param name="Section">The member of the export, snake_case.</param>
/// <param name="Tables">The tables that it tells of.</param>
/// <param name="ReadAsync">The rows, without secrets: a hash or a sealed value is named as being there, not given out.</param>
/// <param name="EraseAsync">Takes personal data out of rows that outlive the account; rows with a cascading foreign key need none.</param>
public sealed record AccountData(
    string Section,
    IReadOnlyList<string> Tables,
    Func<Scope, string, Task<object>> ReadAsync,
    Func<Transaction, string, Task>? EraseAsync = null);
