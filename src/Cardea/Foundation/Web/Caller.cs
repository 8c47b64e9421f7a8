using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Who is calling: what the door learned before it let the request in.</summary>
public sealed record Caller(string AccountId, string SessionId);

/// <summary>Finds the caller of a request, or the refusal. The room that issues tokens is the one that knows.</summary>
public delegate ValueTask<(Caller? Caller, Problem? Refusal)> FindCaller(HttpContext http);

public static class CallerOfRequest
{
    private static readonly object Key = new();

    /// <summary>The caller of a door that is not open to anyone; elsewhere asking is a bug.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Items[Key]!;

    /// <summary>The caller where one is welcome but not needed.</summary>
    public static Caller? CallerIfAny(this HttpContext http) => http.Items.TryGetValue(Key, out var caller) ? (Caller?)caller : null;

    internal static void SetCaller(this HttpContext http, Caller caller) => http.Items[Key] = caller;
}
