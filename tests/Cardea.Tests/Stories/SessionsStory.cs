using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>Somebody with several devices: sees them, ends one, ends all others; and what a limit does.</summary>
public sealed class SessionsStory
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Sessions_are_listed_with_their_devices_and_ended_one_by_one_or_all(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var laptop = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await OnAsync(app, laptop, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1");
        var terminal = await OnAsync(app, laptop, "curl/8.5.0");

        var items = (await laptop.GetAsync("/sessions")).Expect(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([laptop.SessionId, phone.SessionId, terminal.SessionId], items.Select(item => item.GetProperty("id").GetString()));
        Assert.Equal([true, false, false], items.Select(item => item.GetProperty("current").GetBoolean()));
        Assert.Equal(["Unknown device", "Safari on iPhone", "curl"], items.Select(item => item.GetProperty("device").GetString()));
        Assert.All(items, item => Assert.Equal("127.0.0.1", item.GetProperty("address").GetString()));

        (await laptop.DeleteAsync("/sessions/" + phone.SessionId)).Expect(HttpStatusCode.OK);
        (await phone.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await phone.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await terminal.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        (await laptop.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK);
        (await terminal.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(laptop.SessionId, Assert.Single((await laptop.GetAsync("/sessions")).Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_08_Somebody_elses_session_is_answered_as_one_that_nobody_has(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var mallory = await (await app.NewActor("mallory").SignUpAsync()).SignInAsync();

        var foreign = (await mallory.DeleteAsync("/sessions/" + alice.SessionId)).Expect(HttpStatusCode.NotFound, "not_found");
        var unknown = (await mallory.DeleteAsync("/sessions/" + new string('0', 32))).Expect(HttpStatusCode.NotFound, "not_found");

        Assert.Equal(unknown.Body, foreign.Body);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_the_oldest_is_replaced_nobody_is_ever_refused(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "2"), ("Sessions:WhenFull", "replace"));
        var first = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var second = await OnAsync(app, first, "curl/8.5.0");
        var third = await OnAsync(app, first, "okhttp/5.0");

        (await first.GetAsync("/session/active")).Expect(HttpStatusCode.Unauthorized);
        (await second.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
        (await third.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_session_that_ran_out_is_in_nobodys_way(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"), ("Sessions:IdleDays", "1"));
        var forgotten = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var today = app.NewActor("today");
        (today.Email, today.Password) = (forgotten.Email, forgotten.Password);
        (await today.TrySignInAsync()).Expect(HttpStatusCode.Conflict, "session_active");

        app.Clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));

        (await today.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await forgotten.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnPostgres]
    public async Task A_session_ended_on_one_node_is_over_on_the_other(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", "http://localhost:8080"));
        await using var other = await app.StartNodeAsync(("PublicUrl", "http://localhost:8080"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var there = other.NewActor("there");
        there.AccessToken = alice.AccessToken;
        (await there.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);

        // One second is promised; the notification itself takes a fraction of a millisecond.
        var answer = await there.GetAsync("/users/me");
        for (var waited = 0; answer.Status == HttpStatusCode.OK && waited < 1000; waited += 20)
        {
            await Task.Delay(20);
            answer = await there.GetAsync("/users/me");
        }

        answer.Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    private static async Task<Actor> OnAsync(TestApp app, Actor owner, string userAgent)
    {
        var device = app.NewActor("device");
        (device.Email, device.Password, device.UserAgent) = (owner.Email, owner.Password, userAgent);
        return await device.SignInAsync();
    }
}
