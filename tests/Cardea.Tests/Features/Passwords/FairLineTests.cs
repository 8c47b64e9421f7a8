using System.Net;
using Cardea.Features.Passwords;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

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
    public void RE_10_Somebody_with_an_account_who_fills_the_line_keeps_no_stranger_out()
    {
        for (var number = 0; number < 50; number++)
        {
            Assert.Null(Add(HashingPlace.Known("mallory"), $"mallory {number}"));
        }

        Assert.Equal("mallory 49", Add(Honest, "honest"));
        Assert.Equal("mallory 0", Take());
        Assert.Equal("honest", Take());
    }

    [Fact]
    public void RE_10_Nor_do_many_accounts_with_a_place_each_strangers_have_half_of_the_line()
    {
        for (var number = 0; number < 60; number++)
        {
            Assert.Equal(number < 50 ? null : "known", Add(HashingPlace.Known("account" + number), "known"));
        }

        for (var number = 0; number < 100; number++)
        {
            Assert.Equal(number < 25 ? "known" : "stranger", Add(HashingPlace.Stranger("203.0.113." + number), "stranger"));
        }

        var order = TakeAll();
        Assert.Equal(25, order.Count(one => one == "stranger"));
        Assert.Equal(2, order[..2].Distinct().Count());
    }

    [Fact]
    public void RE_10_Who_is_known_and_alone_keeps_the_place_in_a_flood_of_both_kinds()
    {
        Add(HashingPlace.Known("alice"), "alice");
        for (var number = 0; number < 1000; number++)
        {
            Assert.NotEqual("alice", Add(HashingPlace.Stranger("203.0.113." + number), "stranger"));
        }

        for (var number = 0; number < 1000; number++)
        {
            Assert.NotEqual("alice", Add(HashingPlace.Known("mallory"), "mallory"));
            Assert.NotEqual("alice", Add(HashingPlace.Stranger("198.51.100." + number), "stranger"));
        }

        Assert.Contains("alice", TakeAll());
    }

    [Fact]
    public async Task RE_10_While_somebody_with_an_account_floods_a_stranger_gets_a_place()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        Task<Answer> stranger;
        using (await HeldHashing.BeginAsync(app))
        {
            var flood = Enumerable.Range(0, 50).Select(_ => HeldHashing.Gate(app).JudgeAsync(() => "served", HashingPlace.Known("mallory"))).ToList();
            stranger = app.NewActor().TrySignInAsync("not the password at all", login: "alice@example.org");
            var first = await Task.WhenAny([stranger, .. flood]).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.False(ReferenceEquals(first, stranger), "The stranger was turned away.");
            Assert.Null(await (Task<string?>)first); // pushed out
            Assert.Equal(1, flood.Count(one => one.IsCompleted));
        }

        Assert.Contains((await stranger).Status, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.ServiceUnavailable }); // the latter where it took more than a second
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
