using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.House;

public sealed class RoutesTests : IAsyncLifetime
{
    private TestApp _app = null!;

    private IReadOnlyList<RouteEndpoint> Routes => [.. _app.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    public async Task InitializeAsync() => _app = await TestApp.StartAsync(Engine.Sqlite);

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public void Every_route_says_who_may_call_it_and_how_often()
    {
        Assert.True(Routes.Count > 20, $"Only {Routes.Count} routes were found.");
        SourceTree.AssertNone(
            Routes.Where(route => route.Metadata.OfType<Access>().Count() + route.Metadata.OfType<PageAccess>().Count() != 1 || route.Metadata.OfType<Limit>().Count() != 1).Select(route => route.DisplayName!),
            "A route states one Access, or as a page one PageAccess, and one Limit:");
    }

    [Fact]
    public void A_limit_that_is_none_gives_a_reason() => SourceTree.AssertNone(
        Routes.Where(route => route.Metadata.OfType<Limit>().Single() is { IsNone: true, Name.Length: < 10 }).Select(route => route.DisplayName!),
        "Limit.None takes the reason for which none is needed:");

    /// <summary>The limiter keeps one window for a name: the first who asks would decide for the other.</summary>
    [Fact]
    public void One_name_of_a_limit_means_one_limit() => SourceTree.AssertNone(
        Routes.Select(route => route.Metadata.OfType<Limit>().Single()).Where(limit => !limit.IsNone).Distinct()
            .GroupBy(limit => limit.Name).Where(group => group.Count() > 1).Select(group => group.Key),
        "Two limits share a name:");

    [Fact]
    public void What_reads_a_body_shows_an_example_of_it() => SourceTree.AssertNone(
        Routes.Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is ["POST" or "PATCH" or "PUT"])
            .Where(route => !route.Metadata.OfType<PageAccess>().Any() && route.Metadata.GetMetadata<BodyExample>() is null && route.Metadata.GetMetadata<NoBody>() is null)
            .Select(route => route.DisplayName!),
        "A POST, PATCH or PUT without Takes(…) or TakesNothing():");
}
