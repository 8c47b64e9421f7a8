namespace Cardea.Features.Transfers;

/// <summary>A file for its owner's eyes alone, whatever the umask.</summary>
internal static class PrivateFile
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="IOException">It can't be written, or is there already and must not be.</exception>
    public static FileStream Make(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read };
        if (OperatingSystem.IsWindows())
        {
            return new(path, options);
        }

        options.UnixCreateMode = Mine;
        var file = new FileStream(path, options);
        File.SetUnixFileMode(file.SafeFileHandle, Mine); // one that was there before keeps its mode otherwise
        return file;
    }
}
