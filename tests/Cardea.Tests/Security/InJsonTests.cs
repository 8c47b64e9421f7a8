using System.Net;
using System.Text;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class InJsonTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task IN_01_Hostile_JSON_is_refused_at_every_door(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var before = await app.DumpSettledAsync();
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var (number, body) in Hostile(route).Index())
            {
                (await stranger.SendBytesAsync(route.Method, route.Path, body, alice.AccessToken)).ExpectProblem($"{route}, body {number}: {Encoding.UTF8.GetString(body)}", HttpStatusCode.BadRequest);
            }
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_02_No_body_takes_a_member_that_would_make_its_sender_somebody_else(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var (alice, bob) = (await app.NewAdministratorAsync(), await app.NewActor().SignUpAsync());
        var before = await app.DumpSettledAsync();
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var member in new[]
            {
                "id", "user_id", "userId", "account_id", "sub", "role", "roles", "is_admin", "admin", "verified", "is_verified", "tenant", "permissions", "session_id", "sid", "actor_id",
                "password_hash", "disabled_at", "created_at", "amr", "scope", "client_id",
            })
            {
                var answer = (await stranger.SendAsync(route, route.With(member, JsonSerializer.Serialize(bob.Id)), alice)).ExpectProblem($"{route} with {member}", HttpStatusCode.BadRequest);
                Assert.True(answer.Json.GetProperty("errors").TryGetProperty(member, out _), $"{route} doesn't name {member}: {answer.Body}");
            }
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task IN_03_The_caller_is_the_subject_whatever_path_query_or_headers_say(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, bob) = (await (await app.NewActor().SignUpAsync()).SignInAsync(), await (await app.NewActor().SignUpAsync()).SignInAsync());
        foreach (var query in new[] { $"?id={bob.Id}", $"?user_id={bob.Id}", $"?sub={bob.Id}", $"?access_token={bob.AccessToken}", $"?email={bob.Email}" })
        {
            var answer = await alice.SendAsync(HttpMethod.Get, "/users/me" + query, change: request =>
            {
                foreach (var header in new[] { "X-User-Id", "X-Account-Id", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Auth-Request-Email" })
                {
                    request.Headers.TryAddWithoutValidation(header, bob.Id);
                }
            });
            Assert.Equal(alice.Email, answer.Expect(HttpStatusCode.OK).Member("email"));
            (await alice.SendAsync(HttpMethod.Get, "/users/me" + query, withToken: false)).Expect(HttpStatusCode.Unauthorized);
        }

        (await alice.PatchAsync("/users/me" + $"?id={bob.Id}", new { given_name = "Alice" })).Expect(HttpStatusCode.OK);
        Assert.Null((await bob.GetAsync("/users/me")).Member("given_name"));
        // Two tokens are not a choice.
        (await alice.SendAsync(HttpMethod.Get, "/users/me", change: request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bob.AccessToken)))
            .Expect(HttpStatusCode.Unauthorized);
        // An empty list is no password and no proof.
        (await alice.DeleteAsync("/users/me", """{"password":[]}""")).Expect(HttpStatusCode.BadRequest);
        (await alice.DeleteAsync("/users/me")).Expect(HttpStatusCode.BadRequest);
        (await alice.PostAsync("/password/change", """{"current_password":[],"new_password":"copper window bridge seven"}""")).Expect(HttpStatusCode.BadRequest);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_wrong_type_is_told_with_the_field_that_is_wrong(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var (member, type) in route.Members)
            {
                foreach (var json in WrongFor(type))
                {
                    var answer = (await stranger.SendAsync(route, route.With(member, json), alice)).ExpectProblem($"{route} {member}={json}", HttpStatusCode.BadRequest);
                    Assert.True(answer.Json.TryGetProperty("errors", out var errors) && errors.TryGetProperty(member, out _), $"{route} {member}={json}: {answer.Body}");
                }
            }
        }
    }

    private static string[] WrongFor(Type type) =>
        type == typeof(bool?) ? ["\"yes\"", "{}", "1", "0"]
        : type == typeof(JsonElement?) ? ["5", "\"text\"", "[]", "true"] // a credential is an object
        : ["5", "{}", "\"a\\u0000b\"", "\"\\ud800\""];

    private static IEnumerable<byte[]> Hostile(JsonRoute route)
    {
        var good = route.Example!.ToJsonString();
        var (first, value) = route.Example!.First();
        string[] bodies =
        [
            good + "x", good + good, good + ",", good + " null", good[..^1] + ",}", "{" + "," + good[1..], "// comment\n" + good, "/* comment */" + good, good[..^1] + "/* c */}", good + "# c",
            good.Replace('"', '\''), route.With(first, "NaN"), route.With(first, "Infinity"), route.With(first, "undefined"), route.With(first, "0x10"), route.With(first, "01"), route.With(first, "+1"),
            route.Without(first)[..^1] + $"{(route.Example!.Count > 1 ? "," : "")}\"{first.ToUpperInvariant()}\":{value!.ToJsonString()}}}",
            route.With(char.ToUpperInvariant(first[0]) + first[1..], value.ToJsonString()), route.With(first + " ", value.ToJsonString()), route.With(first + "\\u0000", value.ToJsonString()),
            route.With(first, $"{value.ToJsonString()},\"{first}\":{value.ToJsonString()}"), route.With(first, $"{value.ToJsonString()},\"\\u{(int)first[0]:x4}{first[1..]}\":{value.ToJsonString()}"),
            route.With("__proto__", "{\"admin\":true}"), route.With("$type", "\"System.Object\""), route.With("$id", "\"1\""), route.With("$ref", "\"1\""), route.With("$values", "[]"), route.With("", "1"),
            good.Replace("\":", "\"=", StringComparison.Ordinal), "{\"a\"}", "{a:1}", "}" + good, "\0" + good, good + "\0", "\u00a0" + good, "{}}", "[" + good + "]", "\"" + first + "\"", "true",
            route.With(first, "\"\\x41\""), route.With(first, "\"a\nb\""), route.With(first, "\"\\u12\""), route.With(first, "\"\\ud800\""), route.With(first, "\"\\udc00\\ud800\""), route.With(first, "\"a\\u0000\""),
            $"{{\"\\ud800\":1,{good[1..]}",
        ];
        return bodies.Select(Encoding.UTF8.GetBytes)
            .Append(Encoding.Unicode.GetBytes(good))
            .Append(Encoding.UTF32.GetBytes(good))
            .Append(Encoding.BigEndianUnicode.GetBytes(good))
            .Append([.. Encoding.UTF8.GetBytes(good[..^1] + ",\"x"), 0xff, 0xfe, .. "\":1}"u8])
            .Append([.. Encoding.UTF8.GetBytes(route.With(first, "\"a")[..^1]), 0xc0, 0x80, .. "\"}"u8])
            .Append([.. Encoding.UTF8.GetBytes(route.With(first, "\"a")[..^1]), 0xed, 0xa0, 0x80, .. "\"}"u8])
            .Append([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    }
}
