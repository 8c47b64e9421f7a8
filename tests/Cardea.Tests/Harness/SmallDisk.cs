using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>A disk of a few megabytes in memory, which can be filled to its last byte.</summary>
public sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? WhyNot { get; } = Try();

    public static SmallDisk Mount(int megabytes)
    {
        var path = Directory.CreateTempSubdirectory("cardea-disk-").FullName;
        Assert.Equal(0, Run("/bin/mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0700", "tmpfs", path));
        return new(path);
    }

    /// <summary>Takes all that is left.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Append);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                ballast.Write(block);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full, which is what was wanted.
        }
    }

    public void Free() => File.Delete(Ballast);

    /// <summary>From now on nobody writes to it, root neither.</summary>
    public void MakeReadOnly() => Assert.Equal(0, Run("/bin/mount", "-o", "remount,ro", Path));

    public void Dispose()
    {
        Run("/bin/umount", "-l", Path);
        Directory.Delete(Path);
    }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    private static string? Try()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return "mounting a small disk needs root on Linux";
        }

        var path = Directory.CreateTempSubdirectory("cardea-disk-").FullName;
        try
        {
            return Run("/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path) != 0 ? "this machine mounts no tmpfs"
                : Run("/bin/umount", path) != 0 ? "this machine unmounts no tmpfs" : null;
        }
        finally
        {
            Directory.Delete(path);
        }
    }

    private static int Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A fact that needs a disk to fill; skipped with the reason where none can be mounted.</summary>
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.WhyNot!;
}
