using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Every listing of the administration that takes a cursor, read from the OpenAPI document.</summary>
public sealed class AdminListingChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task AD_05_Listings_are_paged_and_capped_and_tell_nobody_how_much_there_is(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var listings = (await root.GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json.GetProperty("paths").EnumerateObject()
            .Where(path => path.Value.TryGetProperty("get", out var get) && get.TryGetProperty("parameters", out var parameters) && parameters.EnumerateArray().Any(parameter => parameter.GetProperty("name").GetString() == "cursor"))
            .Select(path => path.Name).ToList();
        Assert.True(listings.Count >= 3 && listings.Contains("/api/admin/users"), string.Join(", ", listings));
        var few = await RefusalsAsync();
        await FillAsync(app.Database);

        foreach (var listing in listings)
        {
            var page = (await root.GetAsync(listing)).Expect(HttpStatusCode.OK).Json;
            Assert.Equal(["items", "next_cursor"], page.EnumerateObject().Select(member => member.Name).Order());
            Assert.Equal((listing, 50), (listing, page.GetProperty("items").GetArrayLength()));
            Assert.Equal((listing, JsonValueKind.String), (listing, page.GetProperty("next_cursor").ValueKind));
            Assert.Equal((listing, 200), (listing, (await root.GetAsync(listing + "?limit=200")).Json.GetProperty("items").GetArrayLength()));
            (await root.GetAsync(listing + "?limit=201")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        }

        Assert.Equal(few, await RefusalsAsync()); // as with nothing in them

        async Task<string> RefusalsAsync() => string.Join('\n', await Task.WhenAll(listings.SelectMany(listing => new[] { listing, listing + "?limit=200", listing + "?cursor=AAAA", listing + "?query=a" }).Select(async path =>
        {
            var answer = (await alice.GetAsync(path)).Expect(HttpStatusCode.Forbidden, "forbidden");
            return $"{path} {answer.Body} {string.Join(' ', answer.Headers.Keys.Order(StringComparer.Ordinal))}";
        })));
    }

    private static async Task FillAsync(TestDatabase database)
    {
        var rows = Enumerable.Range(0, 230).ToList();
        await database.ExecuteAsync("INSERT INTO accounts (id, email, created_at) VALUES " + string.Join(", ", rows.Select(row => $"('{row:x32}', 'many{row}@example.org', {row})")));
        await database.ExecuteAsync("INSERT INTO audit_events (id, event, at) VALUES " + string.Join(", ", rows.Select(row => $"('{row:x32}', 'sign_out', {row})")));
        await database.ExecuteAsync("INSERT INTO outbox (id, template, recipient, state, attempts, next_attempt_at, send_before, created_at) VALUES " + string.Join(", ", rows.Select(row => $"('{row:x32}', 't', 'r@example.org', 'sent', 1, 1, 1, 1)")));
    }
}
