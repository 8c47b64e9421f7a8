using Cardea.Crypto.Passwords;
using Xunit;

namespace Cardea.Crypto.Tests.Passwords;

public unsafe class Argon2ArenaTests
{
    [Fact]
    public void Memory_is_page_aligned_grows_on_demand_and_is_kept()
    {
        using var arena = new Argon2Arena();
        var small = arena.Take(1000);
        Assert.Equal(0, (nint)small % Environment.SystemPageSize);
        var capacity = arena.CapacityBytes;
        Assert.True(capacity >= 1000);
        Assert.True(arena.Take(2000) == small);

        arena.Take(capacity + 1);
        Assert.True(arena.CapacityBytes > capacity);
    }

    [Fact]
    public void Clear_zeroes_everything_that_was_used()
    {
        using var arena = new Argon2Arena();
        var memory = arena.Take(5_000);
        new Span<byte>(memory, 5_000).Fill(0xAA);
        arena.Take(10); // a smaller use afterwards must not shorten what is cleared
        arena.Clear();
        Assert.Equal(-1, new Span<byte>(memory, 5_000).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Released_memory_is_gone_and_the_arena_still_works()
    {
        using var arena = new Argon2Arena();
        arena.Take(1);
        arena.Release();
        Assert.Equal(0, arena.CapacityBytes);
        arena.Take(1)[0] = 1;
    }

    [Fact]
    public void A_disposed_arena_gives_nothing()
    {
        var arena = new Argon2Arena();
        arena.Take(1);
        arena.Dispose();
        arena.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { arena.Take(1); });
    }
}
