using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Mail;

/// <summary>What anybody may ask to be mailed. The room that owns the mail says what to do about it, in the transaction given.</summary>
/// <param name="Name">Stored with the request; never changes.</param>
/// <param name="ResolveAsync">Gets what was typed. Whether it is anybody's is found out here, not while the asker waits.</param>
public sealed record MailRequestKind(string Name, Func<Transaction, AskedMail, Task> ResolveAsync);

/// <summary>What was typed, and who asked.</summary>
public sealed record AskedMail(string Text, ClientInfo Client)
{
    public override string ToString() => "[asked mail]"; // people type passwords into the wrong field
}

/// <summary>
/// "I forgot my password" for an address that has an account and for one that has none must look the same and take the same time. So the door
/// writes down what was asked, always the same one row, and a job finds out whether there is anything to mail.
/// </summary>
public sealed class MailRequests(MailRequestStore store, MasterKey masterKey, OutboxSignal signal, TimeProvider clock)
{
    private readonly AtRestCipher _cipher = new(masterKey.Derive("mail requests"));

    public async Task AskAsync(Transaction transaction, MailRequestKind kind, AskedMail asked)
    {
        var id = Id.New(clock);
        await store.AddAsync(transaction, new MailRequest { Id = id, Kind = kind.Name, AskedFor = _cipher.Seal(JsonSerializer.SerializeToUtf8Bytes(asked, CardeaJson.Writing), id) }, clock.Milliseconds());
        transaction.AfterCommit(signal.Wake);
    }

    internal AskedMail? Open(MailRequest request) =>
        _cipher.TryOpen(request.AskedFor, request.Id, out var json) ? JsonSerializer.Deserialize<AskedMail>(json, CardeaJson.Writing) : null;
}

/// <summary>Finds out what is behind each request and puts the mail, if there is one, into the outbox.</summary>
public sealed class MailRequestsJob : Job
{
    private readonly Database _database;
    private readonly MailRequestStore _store;
    private readonly MailRequests _requests;
    private readonly Dictionary<string, MailRequestKind> _kinds;
    private readonly PublicUrl _publicUrl;
    private readonly TimeProvider _clock;
    private int _isWoken;

    public MailRequestsJob(
        Database database, MailRequestStore store, MailRequests requests, IEnumerable<MailRequestKind> kinds, OutboxSignal signal, PublicUrl publicUrl, TimeProvider clock, ILogger<MailRequestsJob> log)
        : base("mail requests", TimeSpan.FromSeconds(2), log)
    {
        (_database, _store, _requests, _publicUrl, _clock) = (database, store, requests, publicUrl, clock);
        _kinds = kinds.ToDictionary(kind => kind.Name);
        signal.Woken += () => _ = WakeLaterAsync();
    }

    /// <summary>Not at once: the work that a known address makes would meet the answer to whoever asked, or their next request, and be seen in its time.</summary>
    private async Task WakeLaterAsync()
    {
        if (Interlocked.Exchange(ref _isWoken, 1) == 0)
        {
            await Task.Delay(RandomNumberGenerator.GetInt32(20, 200));
            Volatile.Write(ref _isWoken, 0);
            Wake();
        }
    }

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        var more = _publicUrl.IsKnown; // a mail can't be made without its link
        while (more)
        {
            MailRequest? taken = null;
            try
            {
                more = await _database.WriteAsync(transaction => ResolveNextAsync(transaction, request => taken = request), stopping);
            }
            catch (Exception fault) when (taken is not null && fault is not OperationCanceledException && !Dialect.IsOutage(fault))
            {
                // The oldest comes first: one that can't be resolved goes behind all that were asked after it, and is tried again.
                await _database.WriteAsync(transaction => _store.PutOffAsync(transaction, taken.Id, _clock.Milliseconds()), stopping);
                throw;
            }
        }
    }

    private async Task<bool> ResolveNextAsync(Transaction transaction, Action<MailRequest> take)
    {
        if (await _store.ConsumeNextAsync(transaction) is not { } request)
        {
            return false;
        }

        take(request);

        if (_requests.Open(request) is { } asked && _kinds.TryGetValue(request.Kind, out var kind))
        {
            await kind.ResolveAsync(transaction, asked);
        }

        return true;
    }
}
