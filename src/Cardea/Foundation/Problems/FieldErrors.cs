namespace Cardea.Foundation.Problems;

/// <summary>Collects what is wrong with a request, field by field, so that a person mends it in one go.</summary>
public sealed class FieldErrors
{
    private readonly Dictionary<string, List<Phrase>> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    public void Add(string field, Phrase message)
    {
        if (!_errors.TryGetValue(field, out var messages))
        {
            _errors[field] = messages = [];
        }

        messages.Add(message);
    }

    public Problem ToProblem() => CommonProblems.ValidationFailed with
    {
        Errors = _errors.ToDictionary(pair => pair.Key, IReadOnlyList<Phrase> (pair) => pair.Value),
    };

    public static Problem One(string field, Phrase message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return errors.ToProblem();
    }
}
