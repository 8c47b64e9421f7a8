using System.Net;
using Cardea.Features.Passwords;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Passwords;

/// <summary>Where tries of one account from one device wait for each other: never without an end.</summary>
public sealed class KeyedGateTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Who_comes_while_enough_are_waiting_is_turned_away_at_once_and_no_other_key_feels_it()
    {
        var gate = new KeyedGate(atOnce: 4, waiting: 6, Long);
        var all = Enumerable.Range(0, 20).Select(_ => gate.EnterAsync("alice", default)).ToList();
        Assert.Equal(4, all.Count(one => one is { IsCompletedSuccessfully: true, Result: not null }));
        Assert.Equal(10, all.Count(one => one is { IsCompletedSuccessfully: true, Result: null }));
        Assert.NotNull(await gate.EnterAsync("bob", default));

        for (var number = 0; number < 10; number++) // those who waited come in, one for each who leaves
        {
            (await all[number])!.Dispose();
        }

        Assert.NotNull(await gate.EnterAsync("alice", default));
        Assert.Equal(2, gate.Count);
    }

    [Fact]
    public async Task Nobody_waits_longer_than_was_said_and_what_nobody_uses_is_forgotten()
    {
        var gate = new KeyedGate(atOnce: 1, waiting: 6, TimeSpan.FromMilliseconds(50));
        var inside = await gate.EnterAsync("alice", default);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => gate.EnterAsync("alice", default))), Assert.Null);
        inside!.Dispose();
        Assert.Equal(0, gate.Count);

        using var ended = new CancellationTokenSource();
        var patient = new KeyedGate(atOnce: 1, waiting: 6, Long);
        inside = await patient.EnterAsync("alice", default);
        var waiting = patient.EnterAsync("alice", ended.Token);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        inside!.Dispose();
        Assert.Equal(0, patient.Count);
    }

    [Fact]
    public async Task RE_10_Of_very_many_right_passwords_of_one_device_those_that_are_too_many_are_answered_while_the_others_wait()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var login = new { email = alice.Email, password = alice.Password };
        var body = new { password = alice.Password };
        List<Task<Answer>> signIns, confirmations;
        using (await HeldHashing.BeginAsync(app))
        {
            signIns = [.. Enumerable.Range(0, 114).Select(_ => alice.SendAsync(HttpMethod.Post, "/auth/login", login, withToken: false))];
            confirmations = [.. Enumerable.Range(0, 114).Select(_ => alice.PostAsync("/auth/reauthenticate", body))];
            foreach (var all in new[] { signIns, confirmations })
            {
                var left = all.ToList();
                for (var number = 0; number < 10; number++) // four of 114 are looked at, a hundred wait
                {
                    var first = await Task.WhenAny(left).WaitAsync(TimeSpan.FromSeconds(60));
                    left.Remove(first);
                    Assert.Equal("1", (await first).Expect(HttpStatusCode.ServiceUnavailable, "overloaded").Header("Retry-After"));
                }
            }
        }

        // Those who waited were right; four of each kind had to wait for their hash too long.
        Assert.All(await Task.WhenAll([.. signIns, .. confirmations]), answer => Assert.Contains(answer.Status, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable }));
    }
}
