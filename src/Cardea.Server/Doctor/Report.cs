namespace Cardea.Server.Doctor;

/// <summary>What the doctor found, written as it is found: a fault with what to do about it, or that all is well.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly List<string> _areas = [];

    public int Faults => _areas.Count;

    /// <summary>Where there are faults.</summary>
    public string Areas => string.Join(", ", _areas.Distinct());

    public int Notes { get; private set; }

    public void Ok(string area, string says) => output.WriteLine($"ok     {area}: {says}");

    /// <summary>Something is wrong, or will be.</summary>
    public void Fault(string area, string says, string todo)
    {
        _areas.Add(area);
        Write("FAULT", area, says, todo);
    }

    /// <summary>Something may be meant so, and is worth a look.</summary>
    public void Note(string area, string says, string todo)
    {
        Notes++;
        Write("note ", area, says, todo);
    }

    private void Write(string word, string area, string says, string todo)
    {
        output.WriteLine($"{word}  {area}: {says}");
        output.WriteLine($"       {todo}");
    }
}
