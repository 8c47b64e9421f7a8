namespace Cardea.Features.Challenges;

/// <summary>
/// How much went wrong in the last minute, of one address and of all. Two counts for each, of this minute and the one before, weighed by how much of that
/// still lies within sixty seconds. An address has a cell of a table that never grows, found by a hash that is another in each process: two addresses that share
/// a cell share their count, which costs the better one some work and no more. Measured by a clock that nobody can set.
/// </summary>
public sealed class Pressure(TimeProvider clock)
{
    private const int Cells = 1 << 16;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Cell[] _cells = new Cell[Cells];
    private readonly long _begun = clock.GetTimestamp();
    private Cell _all;

    /// <param name="address">As <see cref="Foundation.Web.ClientAddress.Group"/> has it.</param>
    /// <param name="by">How many; a negative number takes back.</param>
    public void Add(string address, int by)
    {
        var (window, _) = Now();
        lock (_lock)
        {
            _cells[CellOf(address)].Add(window, by);
            _all.Add(window, by);
        }
    }

    /// <returns>Of the address, and of all.</returns>
    public (double Address, double All) Of(string address)
    {
        var (window, part) = Now();
        lock (_lock)
        {
            return (_cells[CellOf(address)].Weigh(window, part), _all.Weigh(window, part));
        }
    }

    /// <summary>A string's own hash is seeded anew in each process, so nobody can choose whom to share a cell with.</summary>
    private static int CellOf(string address) => address.GetHashCode(StringComparison.Ordinal) & (Cells - 1);

    private (int Window, double Part) Now()
    {
        var windows = clock.GetElapsedTime(_begun) / Window;
        return ((int)windows, windows - (int)windows);
    }

    private struct Cell
    {
        private int _window;
        private int _current;
        private int _previous;

        public void Add(int window, int by)
        {
            Turn(window);
            _current = Math.Max(0, _current + by);
        }

        public double Weigh(int window, double part)
        {
            Turn(window);
            return _current + (_previous * (1 - part));
        }

        private void Turn(int window)
        {
            if (_window != window)
            {
                (_window, _previous, _current) = (window, window == _window + 1 ? _current : 0, 0);
            }
        }
    }
}
