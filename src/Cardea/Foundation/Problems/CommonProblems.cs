namespace Cardea.Foundation.Problems;

/// <summary>Refusals that belong to no room, because every door can give them.</summary>
public static class CommonProblems
{
    public static readonly Problem ValidationFailed = new("validation_failed", 400, "The request is not valid", "Please check the fields that are named.");

    public static readonly Problem MalformedRequest = new("malformed_request", 400, "The request can't be read", "The body is not the JSON object that this address expects.")
    {
        OnPage = ("That could not be read", "What your browser sent is damaged or incomplete. Please go back, reload the page and try again."),
    };

    public static readonly Problem InvalidHost = new("invalid_host", 400, "Unknown host", "This server does not answer to that host name.");

    public static readonly Problem Unauthorized = new("unauthorized", 401, "Sign-in needed", "Please sign in: the access token is missing, expired or no longer valid.")
    {
        OnPage = ("Sign-in needed", "Please sign in first."),
    };

    public static readonly Problem Forbidden = new("forbidden", 403, "Not allowed", "You are not allowed to do this.");

    public static readonly Problem ViewingOnly = new("viewing_only", 403, "Not while viewing as somebody else", "You are viewing somebody's account: it can be looked at, and nothing of it can be changed.");

    public static readonly Problem HttpsNeeded = new(
        "https_needed", 403, "Not over plain http", "Nothing was done: this came over plain http, where anybody on the way can read it. Use the https address, and change what was sent if it is secret.");

    public static readonly Problem NotFound = new("not_found", 404, "Not found", "There is nothing here.");

    public static readonly Problem MethodNotAllowed = new("method_not_allowed", 405, "Method not allowed", "This address does not take that method.")
    {
        OnPage = ("This page can't be opened like that", "It only takes what a form sends. Please begin at the start page."),
    };

    public static readonly Problem BodyTooLarge = new("body_too_large", 413, "The body is too large", "A request may be at most 64 KiB.")
    {
        OnPage = ("That is too much", "More was typed than this form takes. Please go back and shorten it."),
    };

    public static readonly Problem UnsupportedMediaType = new("unsupported_media_type", 415, "Unsupported media type", "Send JSON: Content-Type: application/json, in UTF-8 and not compressed.")
    {
        OnPage = ("That could not be read", "What arrived did not come from a form of this site. Please go back, reload the page and try again."),
    };

    public static readonly Problem TooManyRequests = new("too_many_requests", 429, "Too many requests", "Too many requests. Please wait a moment and try again.");

    /// <summary>With a <c>challenge</c>: its <c>value</c>, the <c>bits</c> and when it expires.</summary>
    public static readonly Problem ChallengeRequired = new("challenge_required", 403, "A proof of work is needed", "A short calculation keeps floods of guesses out: solve the challenge and send the request again with the solution.");

    public static readonly Problem InternalError = new("internal_error", 500, "Something went wrong", "Something went wrong on our side. It has been logged under the request id.");

    public static readonly Problem Overloaded = new("overloaded", 503, "The server is busy", "The server is busy. Please try again in a moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static readonly Problem Stopping = new("stopping", 503, "This server is stopping", "This server is about to stop. Another one, or this one in a moment, answers.") { RetryAfter = TimeSpan.FromSeconds(2) };

    public static readonly Problem Unavailable = new("unavailable", 503, "Temporarily unavailable", "The service can't reach its database. Please try again in a moment.") { RetryAfter = TimeSpan.FromSeconds(2) };
}
