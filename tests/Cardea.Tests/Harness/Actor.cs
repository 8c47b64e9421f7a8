using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Cardea.Tests.Harness;

/// <summary>Somebody who uses the server: an address, a password, a client that keeps cookies, and the tokens of the last sign-in.</summary>
public sealed class Actor
{
    private static int _count;

    private readonly ISite _site;
    private readonly HttpClient _client;

    public Actor(ISite site, string? name = null)
    {
        _site = site;
        Name = (name ?? "actor") + Interlocked.Increment(ref _count);
        Email = $"{Name}@example.org";
        Cookies = new CookieContainer();
        _client = site.NewClient(Cookies);
        UserAgent = "cardea-tests/" + Name;
    }

    public string Name { get; }

    public string Email { get; set; }

    public string? Username { get; set; }

    public string Password { get; set; } = "violet tractor lamp nine";

    public string UserAgent { get; set; }

    public CookieContainer Cookies { get; }

    public string? AccessToken { get; set; }

    public string? RefreshToken { get; set; }

    /// <summary>The account's id, known after signing up or in.</summary>
    public string? Id { get; private set; }

    /// <summary>The session's id, read from the access token.</summary>
    public string SessionId => Claims(AccessToken!).GetProperty("sid").GetString()!;

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, bool withToken = true, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (withToken && AccessToken is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AccessToken);
        }

        change?.Invoke(request);
        using var response = await _client.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, body);

    public Task<Answer> DeleteAsync(string path, object? body = null) => SendAsync(HttpMethod.Delete, path, body);

    /// <summary>Signs up; the address is not verified yet.</summary>
    public async Task<Actor> SignUpAsync()
    {
        var answer = await TrySignUpAsync();
        answer.Expect(HttpStatusCode.Created);
        Id = answer.Json.GetProperty("user").GetProperty("id").GetString();
        return this;
    }

    public Task<Answer> TrySignUpAsync() => SendAsync(
        HttpMethod.Post, "/auth/signup",
        Username is null ? new { email = Email, password = Password } : (object)new { email = Email, password = Password, username = Username }, withToken: false);

    /// <summary>Uses somebody's account from a client of its own.</summary>
    public Actor As(Actor owner)
    {
        (Email, Username, Password, Id) = (owner.Email, owner.Username, owner.Password, owner.Id);
        return this;
    }

    /// <summary>Confirms the address by the link in the newest mail.</summary>
    public async Task<Actor> VerifyAsync()
    {
        var mail = (await _site.MailsToAsync(Email)).First(mail => mail.Links.Count == 1 && mail.Links[0].Contains("/verify-email", StringComparison.Ordinal));
        (await SendAsync(HttpMethod.Post, "/verify/confirm", new { token = mail.Token }, withToken: false)).Expect(HttpStatusCode.OK);
        return this;
    }

    public async Task<Actor> SignInAsync()
    {
        (await TrySignInAsync()).Expect(HttpStatusCode.OK);
        return this;
    }

    /// <summary>Tries to sign in and keeps the tokens when it works.</summary>
    public async Task<Answer> TrySignInAsync(string? password = null, bool? replace = null, string? login = null)
    {
        var body = new Dictionary<string, object> { ["login"] = login ?? Email, ["password"] = password ?? Password };
        if (replace is { } value)
        {
            body["replace"] = value;
        }

        var answer = await SendAsync(HttpMethod.Post, "/auth/login", body, withToken: false);
        Keep(answer);
        return answer;
    }

    /// <summary>Finishes a sign-in with a second step, and keeps the tokens when it works.</summary>
    public async Task<Answer> TrySecondStepAsync(Answer first, string method, string code, bool? trustDevice = null, bool? replace = null)
    {
        var body = new Dictionary<string, object> { ["mfa_token"] = first.Json.GetProperty("mfa_token").GetString()!, ["method"] = method, ["code"] = code };
        if (trustDevice is { } trust)
        {
            body["trust_device"] = trust;
        }

        if (replace is { } value)
        {
            body["replace"] = value;
        }

        var answer = await SendAsync(HttpMethod.Post, "/auth/login/mfa", body, withToken: false);
        Keep(answer);
        return answer;
    }

    /// <summary>Signs in by what another method wants to be sent, and keeps the tokens when it works.</summary>
    public async Task<Answer> TrySignInByAsync(string path, object body)
    {
        var answer = await SendAsync(HttpMethod.Post, path, body, withToken: false);
        Keep(answer);
        return answer;
    }

    /// <summary>Rotates the refresh token and keeps the new ones.</summary>
    public async Task<Answer> TryRefreshAsync(string? refreshToken = null)
    {
        var answer = await SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = refreshToken ?? RefreshToken }, withToken: false);
        Keep(answer);
        return answer;
    }

    /// <summary>The claims of a JWT, unverified.</summary>
    public static JsonElement Claims(string token)
    {
        var payload = token.Split('.')[1].Replace('-', '+').Replace('_', '/');
        return JsonSerializer.Deserialize<JsonElement>(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '=')));
    }

    private void Keep(Answer answer)
    {
        if (answer.Status == HttpStatusCode.OK && answer.Json.TryGetProperty("access_token", out var token))
        {
            AccessToken = token.GetString();
            RefreshToken = answer.Json.GetProperty("refresh_token").GetString();
            Id = answer.Json.GetProperty("user").GetProperty("id").GetString();
        }
    }
}
