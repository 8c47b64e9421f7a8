using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class InSizeTests
{
    [Theory, OnSqlite]
    public async Task IN_04_Bodies_over_64_KiB_and_JSON_5000_deep_are_refused_at_every_door(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var before = await app.DumpSettledAsync();
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var size in new[] { (64 * 1024) + 1, 1024 * 1024, (1024 * 1024) + 1, 2 * 1024 * 1024 })
            {
                var body = new byte[size];
                Array.Fill(body, (byte)' ');
                foreach (var chunked in new[] { false, true }.Where(chunked => !chunked || size <= 1024 * 1024))
                {
                    var answer = await stranger.SendBytesAsync(route.Method, route.Path, body, alice.AccessToken, change: request =>
                    {
                        request.Headers.TransferEncodingChunked = chunked ? true : null;
                        request.Headers.ExpectContinue = true; // the refusal comes before the body, and a client that is still sending might miss it
                    });
                    answer.ExpectProblem($"{route}, {size} bytes, chunked: {chunked}", HttpStatusCode.RequestEntityTooLarge);
                    Assert.Equal("body_too_large", answer.Code);
                }
            }

            // As many bytes as may be are read, and found wanting for another reason.
            var (first, _) = route.Example!.First();
            var empty = route.With("nonsense", "1");
            (await stranger.SendAsync(route, empty + new string(' ', (64 * 1024) - empty.Length), alice)).ExpectProblem($"{route}, 64 KiB", HttpStatusCode.BadRequest);
            foreach (var deep in new[] { new string('[', 5000), new string('[', 5000) + new string(']', 5000), string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000) })
            {
                (await stranger.SendAsync(route, deep, alice)).ExpectProblem($"{route}, deep", HttpStatusCode.BadRequest);
                (await stranger.SendAsync(route, route.With(first, deep), alice)).ExpectProblem($"{route}, deep in {first}", HttpStatusCode.BadRequest);
            }

            var many = string.Join(',', Enumerable.Range(0, 6000).Select(number => $"\"m{number}\":1"));
            (await stranger.SendAsync(route, $"{{{many}}}", alice)).ExpectProblem($"{route}, many members", HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge);
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    [Theory, OnSqlite]
    public async Task IN_04_Headers_have_a_cap(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var actor = app.NewActor();
        foreach (var (name, value) in new[] { ("X-Long", new string('a', 40_000)), ("Authorization", "Bearer " + new string('a', 40_000)), ("Cookie", "a=" + new string('a', 40_000)) })
        {
            (await actor.SendAsync(HttpMethod.Get, "/users/me", change: request => request.Headers.TryAddWithoutValidation(name, value))).Expect((HttpStatusCode)431);
        }

        (await actor.SendAsync(HttpMethod.Get, "/health", change: request =>
        {
            for (var number = 0; number < 200; number++)
            {
                request.Headers.TryAddWithoutValidation($"X-Many-{number}", "1");
            }
        })).Expect((HttpStatusCode)431);
        (await actor.SendAsync(HttpMethod.Get, "/" + new string('a', 9000))).Expect(HttpStatusCode.RequestUriTooLong);
        (await actor.GetAsync("/health")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite]
    public async Task IN_09_Only_JSON_in_UTF_8_and_uncompressed_is_read(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        foreach (var route in JsonRoute.WithBody(app))
        {
            var body = Encoding.UTF8.GetBytes(route.With("nonsense", "1"));
            foreach (var type in new[]
            {
                "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/json; charset=", "application/vnd.api+json", "application/json-patch+json", "application/merge-patch+json",
                "text/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "*/*", "application/*", "application/json, text/plain", "json", ";", "application/json;charset=utf-7",
            })
            {
                (await stranger.SendBytesAsync(route.Method, route.Path, body, alice.AccessToken, type)).ExpectProblem($"{route} as {type}", HttpStatusCode.UnsupportedMediaType);
            }

            foreach (var encoding in new[] { "gzip", "br", "deflate", "identity, gzip", "x" })
            {
                (await stranger.SendBytesAsync(route.Method, route.Path, body, alice.AccessToken, change: request => request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", encoding)))
                    .ExpectProblem($"{route} in {encoding}", HttpStatusCode.UnsupportedMediaType);
            }

            foreach (var type in new[] { "application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"", "application/json; profile=\"x\"" })
            {
                (await stranger.SendBytesAsync(route.Method, route.Path, body, alice.AccessToken, type)).ExpectProblem($"{route} as {type}", HttpStatusCode.BadRequest);
            }
        }
    }
}
