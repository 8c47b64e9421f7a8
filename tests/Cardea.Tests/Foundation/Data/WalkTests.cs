using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Foundation.Data;

public sealed class WalkTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Every_row_comes_by_in_its_turn_and_after_the_last_the_first_again(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.Files.ExecuteAsync("INSERT INTO mail_requests (id, kind, asked_for, created_at) VALUES ('a', '', @none, 0), ('b', '', @none, 0), ('c', '', @none, 0), ('d', '', @none, 0), ('e', '', @none, 0)", new { none = Array.Empty<byte>() });
        var walk = new Walk("mail_requests", step: 2);

        Assert.Equal((string[])["-b", "b-d", "d-e", "-b", "b-d"], await PiecesAsync(bare, walk, 5));
        await bare.Files.ExecuteAsync("DELETE FROM mail_requests");
        Assert.Equal([null, null], await PiecesAsync(bare, walk, 2));
        await bare.Files.ExecuteAsync("INSERT INTO mail_requests (id, kind, asked_for, created_at) VALUES ('f', '', @none, 0)", new { none = Array.Empty<byte>() });
        Assert.Equal((string[])["-f"], await PiecesAsync(bare, walk, 1));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_piece_in_which_there_may_be_more_and_one_that_was_rolled_back_come_again(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.Files.ExecuteAsync("INSERT INTO mail_requests (id, kind, asked_for, created_at) VALUES ('a', '', @none, 0), ('b', '', @none, 0), ('c', '', @none, 0)", new { none = Array.Empty<byte>() });
        var walk = new Walk("mail_requests", step: 2);

        Assert.Equal((string[])["-b", "-b"], await PiecesAsync(bare, walk, 2, deleted: 10));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bare.WriteAsync(async transaction =>
        {
            await walk.GoOnAsync(transaction, 10, (_, _) => Task.FromResult(0));
            throw new InvalidOperationException();
        }));
        Assert.Equal((string[])["-b", "b-c", "-b"], await PiecesAsync(bare, walk, 3));
    }

    private static async Task<List<string?>> PiecesAsync(BareDatabase bare, Walk walk, int turns, int deleted = 0)
    {
        var pieces = new List<string?>();
        for (var turn = 0; turn < turns; turn++)
        {
            string? piece = null;
            await bare.WriteAsync(transaction => walk.GoOnAsync(transaction, 10, (after, until) =>
            {
                piece = $"{after}-{until}";
                return Task.FromResult(deleted);
            }));
            pieces.Add(piece);
        }

        return pieces;
    }
}
