using System.Diagnostics.CodeAnalysis;

namespace Cardea.Features.Passwords;

/// <summary>Where a password stands in line.</summary>
/// <param name="Key">Who shares a turn: an address, or an account.</param>
/// <param name="IsKnown">Whether it has shown something that a stranger has not: a device that signed in before, a session, a mailed link.</param>
public readonly record struct HashingPlace(string Key, bool IsKnown)
{
    public static HashingPlace Stranger(string addressGroup) => new(addressGroup, IsKnown: false);

    public static HashingPlace Known(string accountId) => new(accountId, IsKnown: true);
}

/// <summary>
/// A short line in which everybody has a lane and the lanes take turns, so that whoever sends a thousand waits behind themselves. When it is full, whoever has fewer
/// waiting than the longest lane takes that lane's last place. Those who are known and those who are not have every other turn, and half of a full line each if they want it: neither can
/// keep the others out, neither a flood of strangers nor somebody with an account who floods from devices of their own.
/// </summary>
internal sealed class FairLine<T>(int longest)
    where T : class
{
    private readonly object _lock = new();
    private readonly LinkedList<Lane> _known = new();
    private readonly LinkedList<Lane> _strangers = new();
    private readonly Dictionary<HashingPlace, Lane> _lanes = [];
    private int _count;
    private bool _isClosed;
    private bool _strangersTurn;

    public int Count => Volatile.Read(ref _count);

    /// <param name="pushedOut">Who had to go for it; it may be the newcomer.</param>
    public void Add(HashingPlace place, T item, out T? pushedOut)
    {
        lock (_lock)
        {
            pushedOut = null;
            var lane = _lanes.GetValueOrDefault(place);
            if (_isClosed || (_count == longest && (pushedOut = PushOut(place, lane?.Items.Count ?? 0)) is null))
            {
                pushedOut = item;
                return;
            }

            if ((lane = _lanes.GetValueOrDefault(place)) is null)
            {
                lane = _lanes[place] = new Lane(place);
                (place.IsKnown ? _known : _strangers).AddLast(lane);
            }

            lane.Items.AddLast(item);
            _count++;
            Monitor.Pulse(_lock);
        }
    }

    /// <returns>False when nothing came in time, or the line is closed and empty.</returns>
    public bool TryTake(TimeSpan patience, [NotNullWhen(true)] out T? item)
    {
        lock (_lock)
        {
            while (_count == 0)
            {
                if (_isClosed || !Monitor.Wait(_lock, patience))
                {
                    item = null;
                    return false;
                }
            }

            var lanes = _known.Count == 0 || (_strangersTurn && _strangers.Count > 0) ? _strangers : _known;
            _strangersTurn = lanes == _known;
            var lane = lanes.First!.Value;
            item = lane.Items.First!.Value;
            lane.Items.RemoveFirst();
            lanes.RemoveFirst();
            if (lane.Items.Count > 0)
            {
                lanes.AddLast(lane);
            }
            else
            {
                _lanes.Remove(lane.Place);
            }

            _count--;
            return true;
        }
    }

    /// <summary>Takes nobody in any more; who waits is still served.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }
    }

    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _isClosed && _count == 0;
            }
        }
    }

    /// <summary>
    /// From the longest lane of the newcomer's kind, if the newcomer's stays shorter than it was. While the other kind has more than half of the line, one of theirs goes
    /// instead: of the longest lane, so never somebody's only place while anybody of that kind has two.
    /// </summary>
    private T? PushOut(HashingPlace place, int waiting)
    {
        var (own, others) = place.IsKnown ? (_known, _strangers) : (_strangers, _known);
        var isOthers = others.Sum(lane => lane.Items.Count) * 2 > longest;
        var lanes = isOthers ? others : own;
        if (lanes.MaxBy(lane => lane.Items.Count) is not { } most || (!isOthers && most.Items.Count < waiting + 2))
        {
            return null;
        }

        var last = most.Items.Last!.Value;
        most.Items.RemoveLast();
        _count--;
        if (most.Items.Count == 0)
        {
            lanes.Remove(most);
            _lanes.Remove(most.Place);
        }

        return last;
    }

    private sealed record Lane(HashingPlace Place)
    {
        public LinkedList<T> Items { get; } = new();
    }
}
