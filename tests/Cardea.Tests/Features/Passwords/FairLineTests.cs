using Cardea.Features.Passwords;

namespace Cardea.Tests.Features.Passwords;

/// <summary>The line before the hashing threads: who sends a thousand waits behind themselves.</summary>
public sealed class FairLineTests
{
    private static readonly HashingPlace Flood = HashingPlace.Stranger("198.51.100.1");
    private static readonly HashingPlace Honest = HashingPlace.Stranger("192.0.2.1");

    private readonly FairLine<string> _line = new(50);

    [Fact]
    public void RE_10_Somebody_from_elsewhere_is_next_but_one_behind_a_full_line_of_one_address()
    {
        for (var number = 0; number < 1000; number++)
        {
            Assert.Equal(number < 50 ? null : $"flood {number}", Add(Flood, $"flood {number}")); // its own newest goes
        }

        Assert.Equal("flood 49", Add(Honest, "honest"));
        Assert.Equal(50, _line.Count);
        Assert.Equal("flood 0", Take());
        Assert.Equal("honest", Take());
        Assert.Equal("flood 1", Take());
    }

    [Fact]
    public void A_full_line_is_shared_in_the_end_and_nobody_is_pushed_out_for_an_equal()
    {
        for (var number = 0; number < 50; number++)
        {
            Add(Flood, "flood");
        }

        for (var number = 0; number < 25; number++)
        {
            Assert.Equal("flood", Add(Honest, "honest"));
        }

        Assert.Equal("honest", Add(Honest, "honest"));
        var third = HashingPlace.Stranger("192.0.2.3");
        Assert.NotNull(Add(third, "third"));
        Assert.Contains("third", TakeAll());

        for (var number = 0; number < 50; number++)
        {
            Assert.Null(Add(HashingPlace.Stranger("203.0.113." + number), "each its own"));
        }

        Assert.Equal("one more", Add(Honest, "one more")); // all are equal: the last to come goes
    }

    [Fact]
    public void RE_10_Who_is_known_has_every_other_turn_whatever_strangers_do_and_they_have_theirs()
    {
        for (var number = 0; number < 50; number++)
        {
            Add(HashingPlace.Stranger("203.0.113." + number), "stranger");
        }

        for (var number = 0; number < 100; number++)
        {
            Add(HashingPlace.Known("owner" + number), "known");
        }

        var order = TakeAll();
        Assert.Equal(25, order.Count(one => one == "known"));
        Assert.Equal(["known", "stranger", "known", "stranger"], order[..4]);
    }

    [Fact]
    public void A_closed_line_serves_who_waits_and_takes_nobody_in()
    {
        Add(Honest, "before");
        _line.Close();
        Assert.Equal("after", Add(Honest, "after"));
        Assert.False(_line.IsOver);
        Assert.Equal("before", Take());
        Assert.True(_line.IsOver);
        Assert.False(_line.TryTake(TimeSpan.FromSeconds(10), out _)); // at once
    }

    private string? Add(HashingPlace place, string item)
    {
        _line.Add(place, item, out var pushedOut);
        return pushedOut;
    }

    private string Take() => _line.TryTake(TimeSpan.Zero, out var item) ? item : "nobody";

    private List<string> TakeAll()
    {
        var all = new List<string>();
        while (_line.Count > 0)
        {
            all.Add(Take());
        }

        return all;
    }
}
