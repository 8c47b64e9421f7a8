using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>A fact that needs a small disk of its own; skipped where this user or container may not mount one.</summary>
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> WhyNot = new(() =>
    {
        using var folder = new TestFolder();
        return SmallDisk.TryMount(folder.Path) is { } disk ? Unmounted(disk) : "a tmpfs can't be mounted here: that takes root, and a container that may";
    });

    public MountFactAttribute() => Skip = WhyNot.Value!;

    private static string? Unmounted(SmallDisk disk)
    {
        disk.Dispose();
        return null;
    }
}

/// <summary>Eight megabytes in memory, mounted on a folder.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    public static SmallDisk? TryMount(string path) =>
        OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "cardea-test", path) ? new(path) : null;

    /// <summary>From now on nobody writes to it, root neither.</summary>
    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", _path));

    public void Dispose() => Run("umount", "-l", _path);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
