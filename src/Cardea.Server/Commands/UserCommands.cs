using System.Globalization;
using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Admin;
using Cardea.Features.Passwords;
using Cardea.Features.Roles;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Server.Commands;

/// <summary><c>cardea user …</c>: what an administrator does, by somebody who has the machine.</summary>
internal static class UserCommands
{
    private const int ListedAtOnce = 500;
    private const string Account = "ACCOUNT is an id, an e-mail address or a username.";
    private const string Temporary = """
        The password is temporary: it must be changed at the next sign-in. A random one is made and shown once, unless --password-stdin says that
        one stands in the first line of standard input.
        """;

    public static IReadOnlyList<Command> All { get; } =
    [
        new("user add", "EMAIL [--username NAME] [--given-name NAME] [--family-name NAME] [--role ROLE] [--verified] [--password-stdin]", "Makes an account with a temporary password.", AddAsync)
        {
            More = $"{Temporary}\n\n--role ROLE    admin, or another role that exists; may be given more than once. `user` comes by itself\n--verified     you know that the address is the owner's",
        },
        new("user list", "[TEXT] [--query TEXT] [--limit COUNT]", "Lists accounts, newest first; with TEXT those that have it in address, username, names or id.", ListAsync)
        {
            More = "Lists all of them, a page at a time, unless --limit says how many.\n--query TEXT    the same as TEXT, for one that begins with a hyphen",
        },
        new("user show", "ACCOUNT", "Shows one account.", ShowAsync) { More = Account },
        new("user disable", "ACCOUNT", "Shuts an account out and ends its sessions.", call => ActAsync(call, "is disabled", (id, by) => call.Get<AccountDisabling>().DisableAsync(id, by))) { More = Account },
        new("user enable", "ACCOUNT", "Lets a disabled account in again.", call => ActAsync(call, "is enabled", (id, by) => call.Get<AccountDisabling>().EnableAsync(id, by))) { More = Account },
        new("user set-password", "ACCOUNT [--password-stdin]", "Sets a temporary password and ends all sessions.", SetPasswordAsync) { More = $"{Account}\n\n{Temporary}" },
        new("user reset-factors", "ACCOUNT [--keep-passkeys]", "Removes second factors that the owner has lost, and ends all sessions.", ResetFactorsAsync)
        {
            More = $"{Account}\n\nThe authenticator app, recovery codes, passkeys and the trust in devices are gone; the owner is told by mail. Where Cardea:SignIn:RequireSecondFactor\ndemands a second factor, the next sign-in sets one up.\n\n--keep-passkeys    for an owner who has lost the phone with the app and not the key",
        },
        new("user grant", "ACCOUNT ROLE", "Gives an account a role.", call => ActAsync(call, $"has the role {call.Words[1]}", (id, by) => call.Get<RoleGrants>().GrantAsync(id, call.Words[1], by))) { More = Account },
        new("user revoke", "ACCOUNT ROLE", "Takes a role from an account; the last administrator stays one.", call => ActAsync(call, $"has not the role {call.Words[1]}", (id, by) => call.Get<RoleGrants>().RevokeAsync(id, call.Words[1], by))) { More = Account },
    ];

    private static async Task<int> AddAsync(CommandCall call)
    {
        var errors = new FieldErrors();
        if (!Email.TryParse(call.Words[0], out var email))
        {
            errors.Add("EMAIL", Wording.EmailNeeded);
        }

        Username? username = null;
        if (call.Option("username") is { } typed)
        {
            username = Username.TryParse(typed, out var parsed) ? parsed : null;
            if (username is null)
            {
                errors.Add("--username", Wording.UsernameNeeded);
            }
        }

        if (!PersonName.TryParse(call.Option("given-name"), out var givenName) || !PersonName.TryParse(call.Option("family-name"), out var familyName))
        {
            (givenName, familyName) = (null, null);
            errors.Add("--given-name, --family-name", Wording.NameNeeded);
        }

        ThrowIfAny(errors);
        var (password, isShown) = await PasswordAsync(call, [email.Text, username?.Text, givenName, familyName]);
        await call.OpenAsync(mayMake: true);
        var (account, refusal) = await call.Get<AccountCreation>().AddAsync(
            new MadeAccount(email, username, givenName, familyName, call.All("role"), call.Has("verified")), password, Administrator(call));
        ThrowIf(refusal);
        call.Out.WriteLine($"{account!.Email} has the account {account.Id}.");
        ShowOnce(call, password, isShown);
        return 0;
    }

    private static async Task<int> ListAsync(CommandCall call)
    {
        var left = long.MaxValue;
        if (call.Option("limit") is { } limit && (!long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out left) || left < 1))
        {
            throw new UsageException($"cardea user list: --limit is a whole number from 1; \"{limit}\" was given.");
        }

        if (call.Words.Count > 0 && call.Has("query"))
        {
            throw new UsageException("cardea user list: TEXT and --query are the same; give one of them.");
        }

        var (database, search) = (await call.OpenAsync(), call.Get<AccountSearchStore>());
        var filter = new AccountFilter(call.Option("query") ?? (call.Words.Count > 0 ? call.Words[0] : null), null, null);
        // Each page in a reading of its own: a million accounts fit into no memory, and a reader that takes minutes keeps SQLite from tidying up.
        for (var before = ListingQuery.FromTheNewest; left > 0;)
        {
            var most = (int)Math.Min(left, ListedAtOnce);
            var page = await database.ReadAsync(scope => search.ListAsync(scope, filter, before, most));
            foreach (var account in page)
            {
                call.Out.WriteLine($"{account.Id}\t{account.Email}\t{account.Username ?? "-"}\t{(account.IsDisabled ? "disabled" : "enabled")}\t{account.CreatedAt.Shown()}");
            }

            if (page.Count < most)
            {
                break;
            }

            (before, left) = (page[^1].Id, left - page.Count);
        }

        return 0;
    }

    private static async Task<int> ResetFactorsAsync(CommandCall call)
    {
        var account = await FindAsync(call, await call.OpenAsync());
        ThrowIf(await call.Get<FactorReset>().RemoveOnMachineAsync(account.Id, call.Has("keep-passkeys"), Administrator(call)));
        call.Out.WriteLine($"{account.Email} has no {(call.Has("keep-passkeys") ? "second factor but its passkeys" : "second factor")} any more.");
        return 0;
    }

    private static async Task<int> ShowAsync(CommandCall call)
    {
        var database = await call.OpenAsync();
        var account = await FindAsync(call, database);
        var (roles, sessions) = await database.ReadAsync(async scope =>
            (await call.Get<RoleStore>().ListOfAccountAsync(scope, account.Id), await call.Get<SessionDirectory>().ListLiveAsync(scope, account.Id)));
        call.Out.WriteLine($"""
            id: {account.Id}
            email: {account.Email}{(account.IsVerified ? "" : " (not verified)")}
            username: {account.Username ?? "none"}
            name: {string.Join(' ', new[] { account.GivenName, account.FamilyName }.Where(name => name is not null).DefaultIfEmpty("none"))}
            roles: {string.Join(", ", roles.DefaultIfEmpty("none"))}
            status: {(account.DisabledAt is { } at ? $"disabled since {at.Shown()}" : "enabled")}
            password: {(account.PasswordHash is null ? "none" : account.PasswordChangeRequired ? "temporary, must be changed at the next sign-in" : $"set {account.PasswordChangedAt.Shown()}")}
            sessions: {sessions.Count}
            created: {account.CreatedAt.Shown()}
            last sign-in: {account.LastLoginAt.Shown()}
            """);
        return 0;
    }

    private static async Task<int> SetPasswordAsync(CommandCall call)
    {
        var account = await FindAsync(call, await call.OpenAsync());
        var (password, isShown) = await PasswordAsync(call, NewPassword.NamesOf(account));
        ThrowIf(await call.Get<PasswordSetting>().SetAsync(account.Id, password, Administrator(call)));
        call.Out.WriteLine($"{account.Email} has a temporary password.");
        ShowOnce(call, password, isShown);
        return 0;
    }

    private static async Task<int> ActAsync(CommandCall call, string done, Func<string, Administrator, Task<Problem?>> act)
    {
        var account = await FindAsync(call, await call.OpenAsync());
        var refusal = await act(account.Id, Administrator(call));
        if (refusal == AdminProblems.UnknownRole)
        {
            var known = await call.Get<Database>().ReadAsync(call.Get<RoleStore>().ListAsync);
            throw new CommandFailure($"There is no role \"{call.Words[1]}\". There are: {string.Join(", ", known)}.");
        }

        ThrowIf(refusal);
        call.Out.WriteLine($"{account.Email} {done}.");
        return 0;
    }

    /// <summary>An id first: a username could look like one, an id never looks like anything else.</summary>
    private static async Task<Account> FindAsync(CommandCall call, Database database)
    {
        var (given, accounts) = (call.Words[0], call.Get<AccountStore>());
        return await database.ReadAsync(async scope =>
            (Id.IsWellFormed(given) ? await accounts.FindAsync(scope, given) : null)
            ?? (LoginName.TryParse(given, out var name) ? await name.FindAsync(accounts, scope) : null))
            ?? throw new CommandFailure($"There is no account \"{given}\". {Account}");
    }

    private static async Task<(PlainPassword Password, bool IsShown)> PasswordAsync(CommandCall call, IEnumerable<string?> ownNames)
    {
        if (!call.Has("password-stdin"))
        {
            return PlainPassword.TryParse(ReadableSecret.New().Reveal(), out var made) ? (made, true) : throw new InvalidOperationException("A made password is one.");
        }

        var errors = new FieldErrors();
        var password = call.Get<PasswordPolicy>().Accept(await call.In.ReadLineAsync(), "password", ownNames, errors);
        ThrowIfAny(errors);
        return (password!, false);
    }

    private static void ShowOnce(CommandCall call, PlainPassword password, bool isShown)
    {
        if (isShown)
        {
            call.Out.WriteLine($"Temporary password, shown this once: {password.Reveal}");
        }
    }

    private static Administrator Administrator(CommandCall call) => new(call.Actor, call.Client);

    private static void ThrowIfAny(FieldErrors errors) => ThrowIf(errors.Any ? errors.ToProblem() : null);

    private static void ThrowIf(Problem? refusal)
    {
        if (refusal is not null)
        {
            throw CommandFailure.Of(refusal);
        }
    }
}
