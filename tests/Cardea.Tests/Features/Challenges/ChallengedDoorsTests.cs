using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Cardea.Tests.House;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Features.Challenges;

/// <summary>Every door through which a stranger can send something is challenged, or it is said here why not. A page and its JSON sibling are one.</summary>
public sealed class ChallengedDoorsTests
{
    private static readonly Dictionary<string, string> Unchallenged = new()
    {
        ["/auth/refresh"] = "a token under a MAC: forged ones are refused unread, and it must stay fast under attack",
        ["/auth/passkey/options"] = "no hash, nothing written",
        ["/auth/passkey/login"] = "a signature, no hash: the way in that stays open under attack",
        ["/login/passkey"] = "as /auth/passkey/login",
        ["/auth/login/mfa"] = "needs the token of a first step, which was challenged; tries are counted on the account",
        ["/auth/login/mfa/send"] = "needs the token of a first step",
        ["/login/second-step"] = "as /auth/login/mfa",
        ["/login/second-step/send"] = "as /auth/login/mfa/send",
        ["/login/set-up/cancel"] = "forgets what this browser began",
        ["/auth/link/login"] = "256 random bits, no hash",
        ["/login/link"] = "as /auth/link/login",
        ["/verify/confirm"] = "256 random bits, or five tries at a code that opens nothing; no hash",
        ["/verify-email"] = "as /verify/confirm",
        ["/not-me"] = "256 random bits, no hash",
        ["/undo-email-change"] = "256 random bits, no hash",
        ["/setup"] = "256 random bits, before the first administrator",
        ["/logout"] = "ends the caller's own session",
        ["/stop-viewing"] = "ends the caller's own viewing",
        ["/language"] = "sets a cookie",
        ["/account/security/recovery-codes/new/download"] = "gives back what the browser sent",
        ["/account/security/recovery-codes/new/kept"] = "forgets what the browser sent",
    };

    private static readonly string[][] Siblings =
    [
        ["/auth/login", "/login", "/auth/code/login", "/login/code"],
        ["/auth/signup", "/users", "/register"],
        ["/password/forgot", "/forgot-password", "/verify/send", "/verify-email/send", "/auth/code/send", "/login/code/send", "/auth/link/send", "/login/link/send"],
        ["/password/reset", "/reset-password"],
    ];

    [Fact]
    public async Task Every_open_door_is_challenged_or_has_its_reason()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var open = app.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") is true)
            .Where(route => route.Metadata.OfType<Access>().Contains(Access.Anyone) || route.Metadata.OfType<PageAccess>().Contains(PageAccess.Anyone))
            .Select(route => (Path: route.RoutePattern.RawText!, route.Metadata.GetMetadata<Challenged>()?.Purpose))
            .ToList();

        Assert.True(open.Count > 30, $"Only {open.Count} open doors were found.");
        SourceTree.AssertNone(open.Where(door => door.Purpose is null == !Unchallenged.ContainsKey(door.Path)).Select(door => door.Path), "Challenged and excused, or neither:");
        SourceTree.AssertNone(Unchallenged.Keys.Except(open.Select(door => door.Path)), "Excused, and not there:");
        Assert.Equal(
            Siblings.Select(paths => string.Join(' ', paths.Order(StringComparer.Ordinal))).Order(StringComparer.Ordinal),
            open.Where(door => door.Purpose is not null).GroupBy(door => door.Purpose).Select(doors => string.Join(' ', doors.Select(door => door.Path).Order(StringComparer.Ordinal))).Order(StringComparer.Ordinal));
    }
}
