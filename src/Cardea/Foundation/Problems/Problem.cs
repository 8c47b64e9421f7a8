namespace Cardea.Foundation.Problems;

/// <summary>
/// A refusal as the outside sees it (RFC 9457): a stable code, a status, one sentence fit to show a person. What really happened is
/// for the audit row and the log, not for this.
/// </summary>
public sealed record Problem(string Code, int Status, string Title, string Detail)
{
    /// <summary>A field's name as the outside writes it, and what is wrong with it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Phrase>>? Errors { get; init; }

    /// <summary>What a page says in their stead where title and detail speak to whoever writes a client.</summary>
    public (string Title, string Detail)? OnPage { get; init; }

    /// <summary>Becomes <c>Retry-After</c>, rounded up to whole seconds.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Members beside the standard ones, such as the token of the next step.</summary>
    public IReadOnlyDictionary<string, object?>? Extensions { get; init; }

    public Problem After(TimeSpan wait) => this with { RetryAfter = wait };

    /// <summary>Shown beside the field that it is about.</summary>
    public Problem At(string field) => this with { Errors = new Dictionary<string, IReadOnlyList<Phrase>> { [field] = [Detail] } };

    public Problem With(string name, object? value) => this with { Extensions = new Dictionary<string, object?>(Extensions ?? new Dictionary<string, object?>()) { [name] = value } };
}
