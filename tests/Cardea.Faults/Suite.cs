using System.Runtime.CompilerServices;
using Cardea.Tests.Faults;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Cardea.Faults;

/// <summary>
/// The checks of faults and races at full length, one after the other: they measure, and want the machine for themselves. The same checks in their
/// short form are in tests/Cardea.Tests, which every run includes.
/// </summary>
internal static class Suite
{
    [ModuleInitializer]
    internal static void BeLong() => Scale.IsLong = true;
}

public sealed class Kills : KillChecks;

public sealed class DatabaseOutages : DatabaseOutageChecks;

public sealed class MailOutages : MailOutageChecks;

public sealed class FullDisks : DiskChecks;

public sealed class Starts : StartChecks;

public sealed class Clocks : ClockChecks;

public sealed class Nodes : NodeChecks;

public sealed class Rotations : RotationChecks;

public sealed class Contention : ContentionChecks;

public sealed class BackupsUnderLoad : BackupChecks;
