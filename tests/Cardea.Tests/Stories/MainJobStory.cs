using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>An account from sign-up to log-out, as every user of the server goes through it.</summary>
public sealed class MainJobStory
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Alice_signs_up_proves_her_address_signs_in_refreshes_and_signs_out(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();

        Assert.False((await alice.SignInAsync().ContinueWith(_ => alice.GetAsync("/users/me")).Unwrap()).Json.GetProperty("is_verified").GetBoolean());
        await alice.VerifyAsync();
        Assert.True((await alice.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());

        var before = alice.RefreshToken;
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.NotEqual(before, alice.RefreshToken);
        (await alice.GetAsync("/session/active")).Expect(HttpStatusCode.OK);

        (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }
}
