using Cardea.Features.Challenges;

namespace Cardea.Tests.Features.Challenges;

/// <summary>What goes wrong is counted in sixty seconds that slide, in memory that does not grow.</summary>
public sealed class PressureTests
{
    private const string Address = "192.0.2.1";

    [Fact]
    public void Counts_slide_out_of_the_minute_and_do_not_fall_off_a_cliff()
    {
        var clock = new Stopped();
        var pressure = new Pressure(clock);
        clock.Advance(TimeSpan.FromSeconds(59));
        pressure.Add(Address, 60);
        clock.Advance(TimeSpan.FromSeconds(1)); // another minute has begun
        Assert.Equal(60, pressure.Of(Address).Address, 0.001);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(30, pressure.Of(Address).Address, 0.001);
        pressure.Add(Address, 5);
        Assert.Equal(35, pressure.Of(Address).All, 0.001);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((0, 0), pressure.Of(Address));
    }

    [Fact]
    public void What_is_taken_back_never_makes_a_debt()
    {
        var pressure = new Pressure(new Stopped());
        pressure.Add(Address, 1);
        pressure.Add(Address, -5);
        pressure.Add(Address, 1);
        Assert.Equal(1, pressure.Of(Address).Address);
    }

    [Fact]
    public void RE_12_A_million_addresses_need_no_more_memory_than_one()
    {
        var pressure = new Pressure(TimeProvider.System);
        pressure.Add(Address, 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        string[] addresses = [.. Enumerable.Range(0, 1000).Select(number => $"198.51.{number >> 8}.{number & 255}")];
        var own = GC.GetAllocatedBytesForCurrentThread() - before;
        for (var number = 0; number < 1_000_000; number++)
        {
            pressure.Add(addresses[number % addresses.Length], 1);
        }

        var grown = GC.GetAllocatedBytesForCurrentThread() - before - own;
        Assert.True(grown < 64 * 1024, $"{grown} bytes");
        Assert.True(pressure.Of(Address).All > 500_000);
    }

    private sealed class Stopped : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
