using System.Collections.Concurrent;
using Cardea.Foundation.Problems;

namespace Cardea.Foundation.Web;

/// <summary>
/// Counts requests by limit and client address in fixed windows. Its memory is bounded: when there are more addresses than it keeps, windows
/// that are over go first, and then all of them, which lets an attacker with so many addresses try again and shuts nobody out. What must never
/// be forgotten is not counted here but in the database.
/// </summary>
public sealed class RequestLimiter(TimeProvider clock)
{
    private const int MostWindows = 50_000;

    private readonly ConcurrentDictionary<(string Limit, string Address), Window> _windows = new();
    private int _count; // the dictionary's own count locks all of it

    /// <returns>The refusal, or null when the request may go on.</returns>
    public Problem? Enter(Limit limit, string address)
    {
        if (limit.IsNone)
        {
            return null;
        }

        if (limit.OnlyFailures && !_windows.ContainsKey((limit.Name, address)))
        {
            return null; // who never failed costs no memory
        }

        var left = WindowOf(limit, address).Take(limit.Permits, limit.OnlyFailures ? 0 : 1, clock, limit.Window);
        return left is { } wait ? CommonProblems.TooManyRequests.After(wait) : null;
    }

    public void Failed(Limit limit, string address)
    {
        if (limit is { IsNone: false, OnlyFailures: true })
        {
            WindowOf(limit, address).Take(limit.Permits, 1, clock, limit.Window);
        }
    }

    private Window WindowOf(Limit limit, string address)
    {
        if (_windows.TryGetValue((limit.Name, address), out var known))
        {
            return known;
        }

        if (Interlocked.Increment(ref _count) > MostWindows)
        {
            MakeRoom();
        }

        return _windows.GetOrAdd((limit.Name, address), static (_, now) => new Window(now), clock.GetTimestamp());
    }

    private void MakeRoom()
    {
        foreach (var (key, window) in _windows)
        {
            if (window.IsOver(clock))
            {
                _windows.TryRemove(key, out _);
            }
        }

        if (_windows.Count > MostWindows / 2)
        {
            _windows.Clear();
        }

        Volatile.Write(ref _count, _windows.Count);
    }

    private sealed class Window(long startedAt)
    {
        private readonly Lock _lock = new();
        private long _startedAt = startedAt;
        private TimeSpan _length;
        private int _taken;

        /// <returns>How long until there is more, or null when there was enough.</returns>
        public TimeSpan? Take(int permits, int wanted, TimeProvider clock, TimeSpan length)
        {
            lock (_lock)
            {
                _length = length;
                if (clock.GetElapsedTime(_startedAt) >= length)
                {
                    (_startedAt, _taken) = (clock.GetTimestamp(), 0);
                }

                if (_taken + Math.Max(wanted, 1) > permits)
                {
                    return length - clock.GetElapsedTime(_startedAt);
                }

                _taken += wanted;
                return null;
            }
        }

        public bool IsOver(TimeProvider clock)
        {
            lock (_lock)
            {
                return clock.GetElapsedTime(_startedAt) >= _length;
            }
        }
    }
}
