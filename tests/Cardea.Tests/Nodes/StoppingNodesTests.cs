using System.Globalization;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>Nodes that are stopped, started and killed under load, behind a proxy that asks none of them for its health.</summary>
[Collection(ClusterCollection.Name)]
public sealed class StoppingNodesTests(ClusterFixture fixture)
{
    private static readonly int Restarts = int.Parse(Environment.GetEnvironmentVariable("CARDEA_TEST_RESTARTS") ?? "2", CultureInfo.InvariantCulture);
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("CARDEA_TEST_KILLS") ?? "1", CultureInfo.InvariantCulture);

    [NodesFact]
    public Task RE_13_A_rolling_restart_under_load_fails_no_request_and_sends_each_mail_once() => NodeDrills.RollingRestartAsync(fixture.Cluster, Restarts);

    [NodesFact]
    public Task RE_01_A_node_killed_under_load_loses_nothing_that_was_acknowledged_and_nginx_hides_it() => NodeDrills.KillAsync(fixture.Cluster, Kills);
}
