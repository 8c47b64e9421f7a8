namespace Cardea.Tests.Faults;

/// <summary>How long the checks of faults go on: a short form in every run, the long one where the suite of faults runs them.</summary>
public static class Scale
{
    private static readonly string? FiguresFile = Environment.GetEnvironmentVariable("CARDEA_TEST_FIGURES");
    private static readonly Lock Gate = new();

    private static readonly string? Asked = Environment.GetEnvironmentVariable("CARDEA_TEST_FAULTS");

    /// <summary>Set by the suite of faults before its first test; elsewhere for who sets CARDEA_TEST_FAULTS=long.</summary>
    public static bool IsLong { get; set; } = Asked is "long" or "full";

    /// <summary>The counts and times of the promise itself, which take hours, and not the part of them that fits into a run.</summary>
    public static bool IsFull => Asked is "full";

    public static int Of(int brief, int extended, int? full = null) => !IsLong ? brief : IsFull ? full ?? extended : extended;

    /// <summary>A promised time, held to where the machine does nothing else; elsewhere it must be kept within a minute.</summary>
    public static void Within(TimeSpan promised, TimeSpan taken, string what)
    {
        var limit = IsLong ? promised : TimeSpan.FromSeconds(60);
        Assert.True(taken <= limit, $"{what} took {taken.TotalSeconds:F2} s; promised are {promised.TotalSeconds} s.");
    }

    /// <summary>Notes what was measured in the file that CARDEA_TEST_FIGURES names.</summary>
    public static void Measured(string id, string figure)
    {
        if (FiguresFile is not null)
        {
            lock (Gate)
            {
                File.AppendAllText(FiguresFile, $"{id}: {figure}\n");
            }
        }
    }
}
