using Cardea.Features.OneTimeSecrets;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class OneTimeSecretStoreContract
{
    private readonly OneTimeSecretStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task A_token_is_live_for_its_purpose_until_the_millisecond_it_ends(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1], target: "new@example.org"));

        Assert.Equal(new CheckedSecret("x1", alice.Id, "new@example.org"), await FindAsync("reset", [1], now: 99));
        Assert.Null(await FindAsync("reset", [1], now: 100));
        Assert.Null(await FindAsync("verify", [1], now: 99));
        Assert.Null(await FindAsync("reset", [2], now: 99));
        Assert.Null(await FindAsync("reset", [], now: 99));

        Task<CheckedSecret?> FindAsync(string purpose, byte[] hash, long now) => bare.ReadAsync(scope => _store.FindLiveAsync(scope, purpose, hash, now));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_04_A_newer_secret_takes_the_place_of_the_older_of_its_account_and_purpose(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1]));
        await PutAsync(bare, New("x2", alice.Id, "verify", token: [2]));
        await PutAsync(bare, New("x3", bob.Id, "reset", token: [3]));
        await bare.WriteAsync(transaction => _store.TryCodeAsync(transaction, alice.Id, "reset", 1));

        await PutAsync(bare, New("x4", alice.Id, "reset", token: [4]));

        Assert.Null(await bare.ReadAsync(scope => _store.FindLiveAsync(scope, "reset", [1], 1)));
        Assert.Equal("x4", (await bare.ReadAsync(scope => _store.FindLiveAsync(scope, "reset", [4], 1)))?.Id);
        Assert.Equal(["x2", "x3", "x4"], await bare.Files.QueryAsync<string>("SELECT id FROM one_time_secrets ORDER BY id"));
        Assert.Equal(5, await bare.Files.ScalarAsync<long>("SELECT code_tries_left FROM one_time_secrets WHERE id = 'x4'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_code_is_given_out_for_checking_five_times_and_only_while_it_lives(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", code: [7]));

        Assert.Null(await TryAsync("reset", now: 50));
        Assert.Null(await TryAsync("verify", now: 49));
        for (var left = 4; left >= 0; left--)
        {
            var tried = await TryAsync("reset", now: 49);
            Assert.Equal(left, tried!.CodeTriesLeft);
            Assert.Equal([7], tried.CodeMac!);
        }

        Assert.Null(await TryAsync("reset", now: 49));

        Task<StoredSecret?> TryAsync(string purpose, long now) => bare.WriteAsync(transaction => _store.TryCodeAsync(transaction, alice.Id, purpose, now));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_A_bound_code_is_tried_by_its_browser_only_and_what_an_older_node_put_in_its_place_by_anybody(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", code: [7], boundTo: "x1browser"));

        Assert.Null(await TryAsync(null));
        Assert.Null(await TryAsync("other"));
        Assert.Equal(4, (await TryAsync("browser"))!.CodeTriesLeft);

        // As a node writes it that does not know the column.
        await bare.Files.ExecuteAsync("UPDATE one_time_secrets SET id = 'x2'");
        Assert.Equal(3, (await TryAsync(null))!.CodeTriesLeft);
        Assert.Equal(2, (await TryAsync("other"))!.CodeTriesLeft);

        await PutAsync(bare, New("x3", alice.Id, "reset", code: [7]));
        Assert.Equal(4, (await TryAsync("other"))!.CodeTriesLeft);

        Task<StoredSecret?> TryAsync(string? binding) => bare.WriteAsync(transaction => _store.TryCodeAsync(transaction, alice.Id, "reset", 1, binding));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_secret_without_a_code_is_not_tried_as_one(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1]));
        await bare.Files.ExecuteAsync("UPDATE one_time_secrets SET code_mac = NULL");

        Assert.Null(await bare.WriteAsync(transaction => _store.TryCodeAsync(transaction, alice.Id, "reset", 1)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task It_is_removed_once(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1]));

        var removed = await Race.RunAsync(16, _ => bare.WriteAsync(transaction => _store.TryRemoveAsync(transaction, "x1")));

        Assert.Single(removed, won => won);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Voiding_takes_one_purpose_or_all_of_an_account_and_nobody_elses(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1]));
        await PutAsync(bare, New("x2", alice.Id, "verify", token: [2]));
        await PutAsync(bare, New("x3", alice.Id, "change", token: [3]));
        await PutAsync(bare, New("x4", bob.Id, "reset", token: [4]));

        await bare.WriteAsync(transaction => _store.VoidAsync(transaction, alice.Id, "reset"));
        Assert.Equal(["x2", "x3"], (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, alice.Id))).Select(secret => secret.Id));

        await bare.WriteAsync(transaction => _store.VoidAllAsync(transaction, alice.Id));
        Assert.Equal(["x4"], await bare.Files.QueryAsync<string>("SELECT id FROM one_time_secrets"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_accounts_that_ask_for_the_same_target_are_listed_newest_first(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await PutAsync(bare, New("x1", alice.Id, "change", token: [1], target: "to@example.org", createdAt: 1));
        await PutAsync(bare, New("x2", bob.Id, "change", token: [2], target: "to@example.org", createdAt: 2));
        await PutAsync(bare, New("x3", bob.Id, "other", token: [3], target: "to@example.org", createdAt: 3));

        Assert.Equal([bob.Id, alice.Id], await bare.ReadAsync(scope => _store.ListAccountsAsync(scope, "change", "to@example.org")));
        Assert.Empty(await bare.ReadAsync(scope => _store.ListAccountsAsync(scope, "change", "x@example.org")));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_waits_for_the_longer_lived_half(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await PutAsync(bare, New("x1", alice.Id, "reset", token: [1]));

        Assert.Equal(0, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, now: 99, most: 10)));
        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, now: 100, most: 10)));
    }

    private static StoredSecret New(string id, string accountId, string purpose, byte[]? token = null, byte[]? code = null, string? target = null, long createdAt = 1, string? boundTo = null) => new()
    {
        Id = id,
        AccountId = accountId,
        Purpose = purpose,
        TokenHash = token,
        TokenExpiresAt = 100,
        CodeMac = code ?? [8],
        CodeExpiresAt = 50,
        CodeTriesLeft = 5,
        Target = target,
        BoundTo = boundTo,
        CreatedAt = createdAt,
    };

    private Task PutAsync(BareDatabase bare, StoredSecret secret) => bare.WriteAsync(transaction => _store.PutAsync(transaction, secret));
}
