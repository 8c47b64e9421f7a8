namespace Cardea.Foundation.Data;

/// <summary>
/// How far a purge has got that has no index to go by, since one would make dearer what is written all the time: each turn looks at one piece of the
/// table in the order of the ids, and after the last piece comes the first again.
/// </summary>
/// <param name="table">Its name.</param>
/// <param name="step">So many rows are looked at in a turn: milliseconds, and 1.4 million a day.</param>
public sealed class Walk(string table, int step = 5000)
{
    private string _after = "";

    /// <param name="transaction">Where it happens; the place is kept once that is committed.</param>
    /// <param name="most">Once so many are deleted the piece is looked at again before the walk goes on.</param>
    /// <param name="deleteAsync">Deletes at most that many of the rows with ids after the first and up to the second.</param>
    public async Task<int> GoOnAsync(Transaction transaction, int most, Func<string, string, Task<int>> deleteAsync)
    {
        var after = _after;
        var ids = await transaction.QueryAsync<string>($"SELECT id FROM {table} WHERE id > @after ORDER BY id LIMIT @step", new { after, step });
        var deleted = ids.Count == 0 ? 0 : await deleteAsync(after, ids[^1]);
        if (deleted < most)
        {
            transaction.AfterCommit(() => _after = ids.Count < step ? "" : ids[^1]);
        }

        return deleted;
    }
}
