using Cardea.Crypto.Secrets;

namespace Cardea.Foundation.Settings;

/// <summary>The folder that holds what must not be lost and what nobody else may read.</summary>
public static class DataDirectory
{
    public const string KeyFile = "master.key";

    /// <exception cref="SettingsException">The folder can't be made or written to.</exception>
    public static void Prepare(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"Cardea:DataDirectory: \"{path}\" was given; needed is a folder that this process can make and write to ({fault.Message})"]);
        }
    }

    /// <summary>Whether <see cref="MasterKey"/> would find a key, and not make one.</summary>
    public static bool HasMasterKey(ServerOptions options) => options.MasterKey is not null || File.Exists(Path.Combine(options.DataDirectory, KeyFile));

    /// <summary>The key of the settings, or the one in the folder, which is made at the first start.</summary>
    /// <exception cref="SettingsException">The file is not a key, or can't be read or written.</exception>
    public static MasterKey MasterKey(ServerOptions options)
    {
        if (options.MasterKey is not null)
        {
            return options.MasterKey;
        }

        var path = Path.Combine(options.DataDirectory, KeyFile);
        try
        {
            WriteNew(path);
            return Crypto.Secrets.MasterKey.TryParse(File.ReadAllText(path), out var key)
                ? key
                : throw new SettingsException([$"{path}: needed is base64 of 32 bytes. Put the key back that this database was used with."]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"{path}: the master key can't be read or written ({fault.Message})"]);
        }
    }

    /// <summary>Written whole under another name and then linked in place: a process that dies here, or two that start at once, leave one whole key.</summary>
    private static void WriteNew(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var half = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(new FileStream(half, options)))
        {
            writer.WriteLine(Crypto.Secrets.MasterKey.Generate().ToBase64());
        }

        try
        {
            File.Move(half, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(half);
        }
    }
}
