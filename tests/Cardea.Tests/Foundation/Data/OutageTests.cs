using System.Security.Cryptography;
using Cardea.Foundation.Data;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Cardea.Tests.Foundation.Data;

/// <summary>What may be gone on the next try is answered with 503, however deep it lies in what the framework makes of it.</summary>
public sealed class OutageTests
{
    private const int Full = 13;

    [Fact]
    public void A_full_disk_is_an_outage_whoever_says_so()
    {
        var full = new SqliteException("database or disk is full", Full);
        Assert.All<Exception>(
            [full, new InvalidOperationException("", full), new CryptographicException("", full), new CryptographicException("", new InvalidOperationException("", full)), new CryptographicException("", new NpgsqlException())],
            fault => Assert.True(Dialect.IsOutage(fault), fault.ToString()));
    }

    [Fact]
    public void A_fault_of_our_own_is_none()
    {
        var duplicate = new SqliteException("UNIQUE constraint failed", 19);
        Assert.All<Exception>(
            [duplicate, new CryptographicException("a key that is none"), new CryptographicException("", new FormatException()), new CryptographicException("", duplicate), new ArgumentException("", new SqliteException("", Full))],
            fault => Assert.False(Dialect.IsOutage(fault), fault.ToString()));
    }
}
