namespace Cardea.Benchmarks.Http;

/// <summary>What the web server can do at most on this machine: the same bytes as Cardea answers, from Kestrel alone.</summary>
internal static class BareServer
{
    public static Task RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var user = new User("01a1fe5a9ea27764a47bfddc9c774b03", "alice", "alice@example.org", true, "Alice", "Example", ["user"], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        var tokens = new Tokens(new string('a', 620), "bearer", 900, new string('r', 119), user);
        var page = new string('p', 6000);
        var keys = new { keys = new[] { new { kty = "EC", crv = "P-256", x = new string('x', 43), y = new string('y', 43), use = "sig", alg = "ES256", kid = new string('k', 43) } } };
        app.MapGet("/login", (RequestDelegate)(http => http.Response.WriteAsync(page)));
        app.MapGet("/.well-known/jwks.json", (RequestDelegate)(http => http.Response.WriteAsJsonAsync(keys)));
        app.MapGet("/users/me", (RequestDelegate)(http => http.Response.WriteAsJsonAsync(user)));
        app.MapPost("/auth/refresh", (RequestDelegate)(async http =>
        {
            var request = await http.Request.ReadFromJsonAsync<Refresh>();
            ArgumentNullException.ThrowIfNull(request);
            await http.Response.WriteAsJsonAsync(tokens);
        }));
        return app.RunAsync();
    }

    private sealed record User(
        string Id, string Username, string Email, bool IsVerified, string GivenName, string FamilyName, string[] Roles, DateTimeOffset CreatedAt, DateTimeOffset LastLoginAt);

    private sealed record Tokens(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, User User);

    private sealed record Refresh(string Refresh_Token);
}
