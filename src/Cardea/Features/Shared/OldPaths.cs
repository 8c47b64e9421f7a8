using Cardea.Foundation.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cardea.Features.Shared;

/// <summary>Addresses that people know from elsewhere, for good at their new place.</summary>
internal static class OldPaths
{
    private static readonly (string Old, string New)[] Moved =
        [("/index.html", "/login"), ("/login.html", "/login"), ("/register.html", "/register"), ("/Sign", "/register"), ("/forgot_password", "/forgot-password"), ("/dashboard.html", "/dashboard")];

    public static void MapOldPaths(this IEndpointRouteBuilder routes)
    {
        foreach (var (old, @new) in Moved)
        {
            routes.Page(old, _ => Task.FromResult(Results.Redirect(@new, permanent: true)), PageAccess.Anyone);
        }
    }
}
