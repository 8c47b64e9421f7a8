using System.Data;
using Microsoft.Data.Sqlite;

namespace Cardea.Foundation.Data;

/// <summary>
/// A connection that keeps what it has prepared. The provider prepares a statement anew for each command, which costs several times what running it
/// does, and Dapper makes a new command for each call. For one user at a time, as every connection here.
/// </summary>
internal sealed class PreparingConnection(string connectionString) : SqliteConnection(connectionString)
{
    /// <summary>More texts than the product has; one that is put together from filters may not fill the memory.</summary>
    private const int Most = 300;

    private readonly Dictionary<string, SqliteCommand> _idle = [];

    public override SqliteCommand CreateCommand() => new Call(this) { Connection = this, CommandTimeout = DefaultTimeout, Transaction = Transaction };

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Clear();
        }

        base.Dispose(disposing);
    }

    private SqliteCommand Take(string text) => _idle.Remove(text, out var prepared) ? prepared : new SqliteCommand(text, this);

    private void GiveBack(SqliteCommand prepared)
    {
        prepared.Parameters.Clear();
        if (_idle.Count >= Most)
        {
            Clear();
        }

        if (State is not ConnectionState.Open || !_idle.TryAdd(prepared.CommandText, prepared))
        {
            prepared.Dispose(); // the same text ran twice at once
        }
    }

    private void Clear()
    {
        foreach (var prepared in _idle.Values)
        {
            prepared.Dispose();
        }

        _idle.Clear();
    }

    /// <summary>What Dapper fills in. It runs on a command that has run before, and gives it back when it is disposed, after its reader.</summary>
    private sealed class Call(PreparingConnection connection) : SqliteCommand
    {
        private SqliteCommand? _prepared;

        public override SqliteDataReader ExecuteReader(CommandBehavior behavior)
        {
            GiveBack();
            var prepared = connection.Take(CommandText);
            try
            {
                prepared.Transaction = Transaction;
                prepared.CommandTimeout = CommandTimeout;
                foreach (SqliteParameter parameter in Parameters)
                {
                    prepared.Parameters.Add(parameter);
                }

                var reader = prepared.ExecuteReader(behavior);
                _prepared = prepared;
                return reader;
            }
            catch
            {
                prepared.Dispose(); // what failed half-way is not used again
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                GiveBack();
            }

            base.Dispose(disposing);
        }

        private void GiveBack()
        {
            if (_prepared is { } prepared)
            {
                _prepared = null;
                connection.GiveBack(prepared);
            }
        }
    }
}
