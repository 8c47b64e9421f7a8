using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>How many devices an account has, and that what others do at their address is nothing to them.</summary>
public sealed class KnownDeviceChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task BF_05_Of_more_than_fifty_devices_the_one_least_recently_seen_is_forgotten(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var forgotten = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var seen = await app.NewActor().As(forgotten).SignInAsync();
        await GuessAsync(forgotten, forgotten); // its own tries are used up
        (await forgotten.TrySignInAsync()).Expect(HttpStatusCode.TooManyRequests);
        for (var number = 0; number < 48; number++)
        {
            await app.NewActor().As(forgotten).SignInAsync();
        }

        Assert.Equal(50, await DevicesAsync());
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await seen.SignInAsync();
        var last = await app.NewActor().As(forgotten).SignInAsync();
        Assert.Equal(50, await DevicesAsync());
        await last.SignInAsync(); // in the place of the other, and without its failures

        await GuessAsync(app.NewActor(), forgotten);
        (await forgotten.TrySignInAsync()).Expect(HttpStatusCode.TooManyRequests); // a stranger now, whose tries are used up
        await seen.SignInAsync();
        await last.SignInAsync();
        Assert.Equal(50, await DevicesAsync());

        Task<long> DevicesAsync() => app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM devices WHERE account_id = @Id", new { forgotten.Id });
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_05_What_neighbours_behind_one_address_guess_shuts_out_neither_known_devices_nor_living_sessions(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        var neighbour = app.NewActor();
        await Parallel.ForAsync(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            (await neighbour.TrySignInAsync("a leaked password", login: $"customer{number}@example.org")).Expect(HttpStatusCode.Unauthorized));
        (await neighbour.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);
        (await app.NewActor().As(alice).TrySignInAsync()).Expect(HttpStatusCode.TooManyRequests); // a stranger too

        (await alice.TrySignInAsync("not the password at all")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        await alice.SignInAsync();
        (await alice.PostAsync("/auth/reauthenticate", new { password = "not the password at all" })).Expect(HttpStatusCode.Forbidden, "invalid_credentials");
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
        alice.Password = "brass otter window seven";
        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);

        // Nobody has more tries for it: the device's own ladder holds, and the session's.
        await GuessAsync(bob, bob);
        (await bob.TrySignInAsync()).Expect(HttpStatusCode.TooManyRequests);
        for (var guess = 0; guess < 10; guess++)
        {
            (await bob.PostAsync("/auth/reauthenticate", new { password = "guess " + guess })).Expect(HttpStatusCode.Forbidden);
        }

        (await bob.PostAsync("/auth/reauthenticate", new { password = bob.Password })).Expect(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task BF_05_Nor_does_what_they_use_up_at_the_doors_themselves()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, (":Logging:LogLevel:Default", "Warning"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        var phone = await PasskeyHolder.AddAsync(app, alice);
        var neighbour = app.NewActor();
        foreach (var (path, permits) in new[] { ("/auth/login", 3000), ("/password/change", 300), ("/auth/reauthenticate", 600), ("/auth/passkey/login", 600) })
        {
            await Parallel.ForAsync(0, permits, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await neighbour.PostAsync(path, "{}"));
            (await neighbour.PostAsync(path, "{}")).Expect(HttpStatusCode.TooManyRequests);
        }

        (await neighbour.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);
        (await phone.TrySignInAsync(neighbour)).Expect(HttpStatusCode.TooManyRequests);
        (await neighbour.SendAsync(HttpMethod.Post, "/auth/login", new { login = alice.Email, password = alice.Password }, change: request => request.Headers.Add("Cookie", "cardea-device=" + new string('A', 43))))
            .Expect(HttpStatusCode.TooManyRequests); // made up

        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await phone.TrySignInAsync(alice)).Expect(HttpStatusCode.OK);
        (await browser.TrySignInAsync(alice)).Expect(HttpStatusCode.SeeOther);
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);

        // Her own failures count then, on her account: no more than any address has.
        alice.UserAgent += " updated";
        for (var number = 0; number < 299; number++)
        {
            (await alice.PostAsync("/password/change", "{}")).Expect(HttpStatusCode.BadRequest);
        }

        (await alice.PostAsync("/password/change", "{}")).Expect(HttpStatusCode.BadRequest);
        (await alice.PostAsync("/password/change", "{}")).Expect(HttpStatusCode.TooManyRequests);
    }

    /// <summary>So many failures in a row as are free.</summary>
    private static async Task GuessAsync(Actor guesser, Actor victim)
    {
        for (var guess = 0; guess < 10; guess++)
        {
            (await guesser.TrySignInAsync("guess " + guess, login: victim.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }
    }
}
