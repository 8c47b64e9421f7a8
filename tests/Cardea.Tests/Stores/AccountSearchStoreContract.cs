using System.Globalization;
using System.Text;
using Cardea.Features.Accounts;
using Cardea.Features.Admin;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cardea.Tests.Stores;

public sealed class AccountSearchStoreContract
{
    private readonly AccountStore _accounts = new();
    private readonly AccountSearchStore _search = new();

    /// <summary>Whatever way the store takes, it is compared with reading all accounts.</summary>
    /// <param name="upgraded">Whether the accounts were there before the index.</param>
    [Theory, OnSqlite(false), OnSqlite(true), OnPostgres(false), OnPostgres(true)]
    public async Task Page_by_page_each_account_that_matches_is_shown_once_and_in_order(Engine engine, bool upgraded)
    {
        var random = new Random(2026);
        var people = SomePeople(random);
        await using var files = await TestDatabase.CreateAsync(engine);
        await using var bare = BareDatabase.On(files);
        if (upgraded)
        {
            await new Migrator(bare.Database, bare.Clock, NullLogger<Migrator>.Instance).RunAsync(migration => migration.Version < 16, CancellationToken.None);
        }
        else
        {
            await bare.MigrateAsync();
        }

        foreach (var some in people.OrderBy(_ => random.Next()).Chunk(500))
        {
            await bare.WriteAsync(transaction => _accounts.AddAllAsync(transaction, some.Select(person => person.Account)));
        }

        await bare.WriteAsync(transaction => transaction.ExecuteAsync("INSERT INTO roles (name, description, created_at) VALUES ('rare', '', 0), ('usual', '', 0)"));
        await bare.WriteAsync(transaction => transaction.AddRowsAsync("account_roles", ["account_id", "role"], people.Select(person => new object?[] { person.Account.Id, person.Role })));
        if (upgraded)
        {
            await bare.MigrateAsync();
        }

        var shown = 0;
        for (var round = 0; round < 80; round++)
        {
            var filter = new AccountFilter(
                round % 10 == 0 ? null : SomeText(random, people), random.Next(3) == 0 ? Pick(random, "active", "disabled", "unverified") : null, random.Next(3) == 0 ? Pick(random, "rare", "usual", "none") : null);
            var expected = people.Where(person => IsWanted(person, filter)).Select(person => person.Account.Id).OrderDescending(StringComparer.Ordinal).ToList();
            var most = random.Next((expected.Count / 8) + 1, (expected.Count / 4) + 60);

            var found = await ListAllAsync(bare, filter, most);

            Assert.True(expected.SequenceEqual(found), $"{filter.Text} {filter.Status} {filter.Role}, {most} a page: {found.Count} instead of {expected.Count}; {string.Join(", ", expected.Except(found).Take(3))} not found, {string.Join(", ", found.Except(expected).Take(3))} found");
            shown += found.Count;
        }

        Assert.True(shown > 10_000, $"Only {shown} accounts were found in all.");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_account_is_found_by_what_it_is_called_now(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice", "wonderland");
        await bare.NewAccountAsync("bob");
        await FindsAsync((true, "alice@example"), (true, "LICE"), (true, "derla"), (true, alice.Id[7..20]), (true, alice.Id.ToUpperInvariant()), (false, "looking"));

        await bare.WriteAsync(transaction => _accounts.SetProfileAsync(transaction, alice with { Username = "Looking-Glass", GivenName = "Élise", FamilyName = "Ørsted" }));
        await FindsAsync((false, "wonder"), (false, "land"), (true, "looking-g"), (true, "alice"), (true, "ÉLI"), (true, "øRSTED"), (true, "élise ørsted"), (true, "ør"));

        await bare.WriteAsync(transaction => _accounts.SetEmailAsync(transaction, alice.Id, "queen@example.org", 1));
        await FindsAsync((false, "alice"), (true, "queen"));

        await bare.WriteAsync(transaction => _accounts.RemoveAsync(transaction, alice.Id));
        await FindsAsync((false, "queen"), (false, "looking"), (false, alice.Id[7..20]));
        if (engine is Engine.Sqlite)
        {
            await bare.WriteAsync(transaction => transaction.ExecuteAsync("CREATE VIRTUAL TABLE temp.parts USING fts5vocab(main, account_search, row)"));
            var parts = await bare.WriteAsync(transaction => transaction.QueryAsync<string>("SELECT term FROM parts"));
            Assert.Contains("bob@e", parts);
            Assert.DoesNotContain(parts, part => part is "alice" or "queen" or "élise" or "glass");
        }

        async Task FindsAsync(params (bool Is, string Text)[] expected)
        {
            foreach (var (isFound, text) in expected)
            {
                Assert.Equal((text, isFound), (text, (await ListAllAsync(bare, new(text, null, null), 50)).Contains(alice.Id)));
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Signs_that_mean_something_to_a_database_are_signs(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        string[] names = ["100% [sure]*", "50!_under?score", "O'Neill \"Zed\" AND", "back\\slash ^ {x}", "a NEAR(b c, 1)", "𐐀𐐁𐐂𐐃𐐄𐐅", "👩‍🚀 Ünï", "ДМИТРИЙ", "王小明先生", "x"];
        for (var at = 0; at < names.Length; at++)
        {
            var account = await bare.NewAccountAsync($"person{at}");
            await bare.WriteAsync(transaction => _accounts.SetProfileAsync(transaction, account with { GivenName = names[at] }));
        }

        foreach (var (text, expected) in ((string, int[])[])
            [
                ("0% [", [0]), ("% [sure]*", [0]), ("[sure]", [0]), ("]* ", [0]), ("%%%", []), ("%%", []), ("___", []), ("_____", []), ("*****", []), ("???", []), ("100", [0]), ("10", [0]), ("1*", []), ("1%", []),
                ("!_u", [1]), ("50!_under?", [1]), ("!!!", []), ("er?sc", [1]), ("er_sc", []), ("50_", []), ("O'N", [2]), ("\"zed\" and", [2]), ("\"\"\"", []), ("\"\"\"\"\"", []), ("ed\" ", [2]),
                ("k\\s", [3]), ("back\\slash ^ {x}", [3]), ("near(b c, 1)", [4]), ("r(b", [4]), ("𐐨𐐩𐐪", [5]), ("𐐀𐐩𐐪𐐃𐐬", [5]), ("𐐀𐐩", [5]), ("🚀 Ü", [6]), ("👩‍🚀 üNÏ", [6]), ("дмитрий", [7]), ("иТр", [7]), ("дМ", [7]), ("дт", []),
                ("дмитрой", []), ("小明先", [8]), ("王小明先生", [8]), ("王", [8]), ("abc\u0001def", []), ("\n\n\n\n\n\n", []), ("\u0001", []), ("person1@", [1]), ("person1 ", []), ("\U00100000abcdefg", []),
            ])
        {
            var found = await bare.ReadAsync(scope => _search.ListAsync(scope, new(text, null, null), ListingQuery.FromTheNewest, 50));
            Assert.Equal((text, string.Join(' ', expected)), (text, string.Join(' ', found.Select(account => account.Email[6..account.Email.IndexOf('@', StringComparison.Ordinal)]).Order(StringComparer.Ordinal))));
        }
    }

    private async Task<List<string>> ListAllAsync(BareDatabase bare, AccountFilter filter, int most)
    {
        var found = new List<string>();
        for (var before = ListingQuery.FromTheNewest; ; before = found[^1])
        {
            var page = await bare.ReadAsync(scope => _search.ListAsync(scope, filter, before, most));
            found.AddRange(page.Select(account => account.Id));
            if (page.Count < most)
            {
                return found;
            }
        }
    }

    /// <summary>Thousands of one moment, as an import makes them, some before and after, and some with ids of another make.</summary>
    private static List<Person> SomePeople(Random random)
    {
        string[] alphabets = ["abcdeABCDE", "äöüÄÖÜéÉñÑ", "абвгдАБВГД", "αβγδεΑΒΓΔΕ", "王小明先生", "🚀🛰𐐀𐐁𐐨𐐩", "%_!*?[]'\"-"];
        return [.. Enumerable.Range(0, 5600).Select(number =>
        {
            var id = number % 50 == 0 ? $"{random.Next(0x10000000, 0x30000000):x8}" : $"{0x1900000000 + (number < 4800 ? random.Next(16) : random.Next(-300, 300)):x12}7{number:x3}8{random.NextInt64():x16}"[..32];
            var account = new Account
            {
                Id = id,
                Email = $"person{number}@example.org",
                Username = random.Next(2) == 0 ? null : $"User{number}",
                GivenName = random.Next(4) == 0 ? null : Name(),
                FamilyName = random.Next(4) == 0 ? null : Name(),
                CreatedAt = 1,
                DisabledAt = random.Next(20) == 0 ? 1 : null,
                EmailVerifiedAt = random.Next(3) == 0 ? null : 1,
            };
            return new Person(account, random.Next(40) == 0 ? "rare" : "usual", Words(account));
        })];

        string Name()
        {
            var alphabet = random.Next(3) == 0 ? "abAB" : Pick(random, alphabets);
            var letters = alphabet.EnumerateRunes().ToList();
            return string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => letters[random.Next(letters.Count)]));
        }
    }

    /// <summary>A piece of somebody's words, in another case, and sometimes with a mistake in it.</summary>
    private static string SomeText(Random random, List<Person> people)
    {
        if (random.Next(6) == 0)
        {
            return Pick(random, "example.org", "exam", "person", "SON1", "a", "ab", "Ä", "аб", "user", "nobody-at-all", "0190000");
        }

        var runes = people[random.Next(people.Count)].Words.EnumerateRunes().ToList();
        var from = random.Next(runes.Count - 1);
        var piece = runes.Skip(from).Take(random.Next(1, 14)).Select(rune => random.Next(2) == 0 ? Rune.ToUpperInvariant(rune) : rune).ToList();
        if (random.Next(8) == 0)
        {
            piece[random.Next(piece.Count)] = new Rune('q');
        }

        return string.Concat(piece);
    }

    private static bool IsWanted(Person person, AccountFilter filter) =>
        IsNamed(person, filter.Text) && (filter.Role ?? person.Role) == person.Role && filter.Status switch
        {
            "active" => person.Account.DisabledAt is null,
            "disabled" => person.Account.DisabledAt is not null,
            "unverified" => person.Account.EmailVerifiedAt is null,
            _ => true,
        };

    private static bool IsNamed(Person person, string? text) => text is null || (text.EnumerateRunes().Count() >= 3
        ? person.Words.Contains(Lower(text), StringComparison.Ordinal)
        : new[] { person.Account.Email, person.Account.Username, person.Account.GivenName, person.Account.FamilyName }.Any(name => name is not null && Lower(name).StartsWith(Lower(text), StringComparison.Ordinal)));

    private static string Words(Account account) => Lower(string.Create(CultureInfo.InvariantCulture, $"{account.Email} {account.Username} {account.GivenName} {account.FamilyName} {account.Id}"));

    private static string Lower(string text) => string.Concat(text.EnumerateRunes().Select(Rune.ToLowerInvariant));

    private static string Pick(Random random, params string[] choices) => choices[random.Next(choices.Length)];

    private sealed record Person(Account Account, string Role, string Words);
}
