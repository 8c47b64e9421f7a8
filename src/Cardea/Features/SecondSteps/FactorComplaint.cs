using Cardea.Foundation.Problems;

namespace Cardea.Features.SecondSteps;

/// <summary>What a page says to a code that was not taken, beside its field.</summary>
public static class FactorComplaint
{
    public const string Field = "code";

    public static Problem Missing => FieldErrors.One(Field, new Phrase("Enter the code."));

    /// <summary>The same refusal, told at the field; its status and <c>Retry-After</c> stay.</summary>
    public static Problem At(Problem refusal) => refusal with { Errors = new Dictionary<string, IReadOnlyList<Phrase>> { [Field] = [Of(refusal)] } };

    private static Phrase Of(Problem refusal) => refusal.RetryAfter switch
    {
        null => refusal.Detail,
        { TotalDays: > 365 } => new Phrase("There were too many wrong codes. This way stays closed until you set it up anew; take another one."),
        { TotalHours: > 2 } wait => new Phrase("There were too many wrong codes. Try again in {0} hours, or take another way.", (int)Math.Ceiling(wait.TotalHours)),
        { TotalMinutes: > 1 } wait => new Phrase("There were too many wrong codes. Try again in {0} minutes, or take another way.", (int)Math.Ceiling(wait.TotalMinutes)),
        _ => new Phrase("There were too many wrong codes. Try again in a minute."),
    };
}
