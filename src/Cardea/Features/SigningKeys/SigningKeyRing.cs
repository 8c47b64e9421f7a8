using Cardea.Crypto.Jose;
using Cardea.Crypto.Secrets;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SigningKeys;

/// <summary>
/// The keys that sign access tokens. A new key is published before it signs, by longer than verifiers may keep the key set, and an old key
/// stays published until the last token that it signed has expired: so nobody notices a rotation.
/// </summary>
public sealed class SigningKeyRing(
    Database database, SigningKeyStore store, SigningKeysOptions options, MasterKey masterKey, AuditLog audit, Invalidations invalidations, TimeProvider clock) : IDisposable
{
    public const string Topic = "signing-keys";

    /// <summary>How long verifiers may keep the key set; said in its Cache-Control.</summary>
    public static readonly TimeSpan KeySetMaxAge = TimeSpan.FromMinutes(5);

    /// <summary>Twice what a verifier may keep, so that one that asked just before knows the new key in time.</summary>
    private static readonly TimeSpan Announcement = KeySetMaxAge * 2;

    private static readonly TimeSpan ReloadInterval = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long the keys are published that were read before the database went away: apps go on verifying tokens through an outage. Not for ever,
    /// since a replacement made elsewhere would not be heard of.
    /// </summary>
    private static readonly TimeSpan LongestKept = TimeSpan.FromHours(1);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly AtRestCipher _cipher = new(masterKey.Derive("signing keys"));
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile Loaded? _loaded;
    private volatile bool _isOut;
    private int _retrying;
    private int _version;

    public async ValueTask<SigningKey> CurrentAsync()
    {
        var now = clock.Milliseconds();
        return (await LoadedAsync()).Keys.LastOrDefault(key => key.Stored.SignsFrom <= now && key.Stored.Algorithm == options.Algorithm.Name()).Key
            ?? (await RenewAsync(client: ClientInfo.Server("start"), announced: false)).Key;
    }

    public async ValueTask<JwsVerifier> VerifierAsync() => (await LoadedAsync()).Verifier;

    public async ValueTask<IReadOnlyList<PublicJwk>> PublishedAsync() => [.. (await LoadedAsync()).Keys.Select(key => key.Key.PublicJwk)];

    /// <summary>Makes the next key. It signs once every verifier can know it; the keys before it then run out.</summary>
    public async Task<string> RotateAsync(ClientInfo client, string? actorId = null) => (await RenewAsync(client, announced: true, actorId: actorId)).Stored.Id;

    /// <summary>
    /// For a key that somebody else may have: a new one signs at once, and what the old ones signed is refused from now on. Whoever verifies by
    /// itself refuses the new tokens until it has read the key set again, and takes the old ones as long.
    /// </summary>
    public async Task<string> ReplaceAsync(ClientInfo client, string? actorId = null) => (await RenewAsync(client, announced: false, endsOld: true, actorId: actorId)).Stored.Id;

    /// <summary>Every key that signs or verifies, in the order in which they sign.</summary>
    public Task<List<StoredSigningKey>> ListAsync() => database.ReadAsync(scope => store.ListLiveAsync(scope, clock.Milliseconds()));

    /// <summary>The ids of keys that this master key does not open.</summary>
    public async Task<List<string>> ListUnopenedAsync() =>
        [.. (await ListAsync()).Where(key => !_cipher.TryOpen(key.PrivateKey, key.Id, out _)).Select(key => key.Id)];

    /// <summary>Whether the newest key has signed for as long as a key should.</summary>
    public async Task<bool> IsDueAsync() =>
        (await LoadedAsync()).Keys.Where(key => key.Stored.Algorithm == options.Algorithm.Name()).Select(key => key.Stored.CreatedAt).DefaultIfEmpty(0).Max()
            < clock.Milliseconds() - (long)options.RotateAfter.TotalMilliseconds;

    private async Task<(StoredSigningKey Stored, SigningKey Key)> RenewAsync(ClientInfo client, bool announced, bool endsOld = false, string? actorId = null)
    {
        var made = SigningKey.Generate(options.Algorithm);
        var id = await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync("signing keys"); // two nodes that start together must not both make the first key
            var now = clock.Milliseconds();
            var live = await store.ListLiveAsync(transaction, now);
            var usable = live.LastOrDefault(key => key.SignsFrom <= now && key.Algorithm == options.Algorithm.Name());
            if (!announced && !endsOld && usable is not null)
            {
                return usable.Id; // another node was first
            }

            var signsFrom = announced && usable is not null ? now + (long)Announcement.TotalMilliseconds
                : endsOld ? now - (long)ReloadInterval.TotalMilliseconds // also for a node whose clock is a little behind
                : now;
            await store.AddAsync(transaction, new StoredSigningKey
            {
                Id = made.KeyId,
                Algorithm = options.Algorithm.Name(),
                PrivateKey = _cipher.Seal(made.ExportPkcs8(), made.KeyId),
                CreatedAt = now,
                SignsFrom = signsFrom,
            });
            foreach (var old in live.Where(key => endsOld || key.VerifiesUntil is null))
            {
                await store.SetVerifiesUntilAsync(transaction, old.Id, endsOld ? now : signsFrom + (long)(options.TokenLifetime + Announcement).TotalMilliseconds);
            }

            await audit.RecordAsync(transaction, SigningKeyEvents.Rotated, null, client, new { KeyId = made.KeyId, Algorithm = options.Algorithm.Name(), EndsOld = endsOld }, actorId: actorId);
            transaction.Invalidate(Topic, "all");
            return made.KeyId;
        });
        Drop();
        return (await LoadedAsync()).Keys.First(key => key.Stored.Id == id);
    }

    public void Dispose() => _loading.Dispose();

    /// <summary>Called once, at start: from then on a rotation anywhere is heard here.</summary>
    public void Listen() => invalidations.Subscribe(Topic, _ => Drop(), Drop);

    private void Drop()
    {
        Interlocked.Increment(ref _version);
        _loaded = null;
    }

    private async ValueTask<Loaded> LoadedAsync()
    {
        if (Fresh() is { } fresh)
        {
            return fresh;
        }

        if (_isOut && Kept() is { } kept)
        {
            if (Interlocked.Exchange(ref _retrying, 1) == 0)
            {
                _ = RetryAsync();
            }

            return kept; // nobody stands in line for a database that is known to be away
        }

        return await LoadAsync(isRetry: false);
    }

    private async Task RetryAsync()
    {
        await LoadAsync(isRetry: true).ContinueWith(_ => { }, TaskScheduler.Default);
        await Task.Delay(RetryPause);
        Volatile.Write(ref _retrying, 0);
    }

    private async Task<Loaded> LoadAsync(bool isRetry)
    {
        await _loading.WaitAsync();
        try
        {
            if ((Fresh() ?? (_isOut && !isRetry ? Kept() : null)) is { } meanwhile)
            {
                return meanwhile;
            }

            var version = Volatile.Read(ref _version);
            var now = clock.Milliseconds();
            List<StoredSigningKey> rows;
            try
            {
                rows = await database.ReadAsync(scope => store.ListLiveAsync(scope, now));
            }
            catch (Exception fault) when (Dialect.IsOutage(fault) && Kept() is { } kept)
            {
                _isOut = true;
                return kept;
            }

            List<(StoredSigningKey Stored, SigningKey Key)> keys = [.. rows.Select(row => (row, Open(row)))];
            var loaded = new Loaded(now, clock.GetTimestamp(), keys, new JwsVerifier(keys.Select(key => VerificationKey.Of(key.Key))));
            if (Volatile.Read(ref _version) == version)
            {
                (_loaded, _isOut) = (loaded, false);
            }

            return loaded;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Read again each minute, rotation or not: keys come due and run out by the clock.</summary>
    private Loaded? Fresh() =>
        _loaded is { } loaded && clock.Milliseconds() - loaded.At is >= 0 and var age && age < ReloadInterval.TotalMilliseconds ? loaded : null;

    /// <summary>What was read last, unless a change was heard of since.</summary>
    private Loaded? Kept() => _loaded is { } loaded && clock.GetElapsedTime(loaded.ReadAt) < LongestKept ? loaded : null;

    private SigningKey Open(StoredSigningKey row) =>
        SigningAlgorithmName.TryParse(row.Algorithm, out var algorithm) && _cipher.TryOpen(row.PrivateKey, row.Id, out var pkcs8)
            ? SigningKey.Import(algorithm, pkcs8)
            : throw new DatabaseUnavailableException(
                $"The signing key {row.Id} can't be opened with this master key. Set Cardea:MasterKey to the key that this database was used with. Every server on one database needs the same one; Cardea:MasterKeyFile names a file that holds it.");

    private sealed record Loaded(long At, long ReadAt, IReadOnlyList<(StoredSigningKey Stored, SigningKey Key)> Keys, JwsVerifier Verifier);
}
