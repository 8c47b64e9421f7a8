using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Cardea.Features.Transfers;

/// <summary>A file with an array of users, each of which is turned into an account.</summary>
internal abstract class JsonUsersSource(string path) : IAccountSource
{
    public abstract string System { get; }

    protected string File => path;

    public bool KeepsIds => false;

    public virtual Task CheckAsync(CancellationToken cancellation)
    {
        JsonUsers.Check(path);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var user in JsonUsers.Read(path))
        {
            cancellation.ThrowIfCancellationRequested();
            using (user.Document)
            {
                yield return user.Document is null ? new(user.Number, null, user.Fault) : Convert(user.Number, user.Document.RootElement);
            }
        }

        await Task.CompletedTask;
    }

    protected abstract (SourceAccount? Account, Skipped? Fault) Convert(JsonElement user);

    private SourceRow Convert(long number, JsonElement user)
    {
        try
        {
            var (account, fault) = Convert(user);
            return new(number, account, fault);
        }
        catch (InvalidOperationException)
        {
            return new(number, null, Skipped.Broken("a text of it is not valid Unicode"));
        }
    }
}
