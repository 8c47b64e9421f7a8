using System.Runtime.InteropServices;
using SQLitePCL;

namespace Cardea.Foundation.Data;

/// <summary>
/// The operating system's own SQLite, which the distribution patches. A library in a package would have to be patched by us.
/// </summary>
public static class SqliteLibrary
{
    private const int OldestVersion = 3_037_000; // STRICT tables

    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <exception cref="DatabaseUnavailableException">The library is absent or too old; the message says what to install.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            try
            {
                NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
                raw.SetProvider(new SQLite3Provider_e_sqlite3());
                raw.FreezeProvider();
            }
            catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException)
            {
                throw new DatabaseUnavailableException(
                    "The system's SQLite library was not found. Install it (Debian and Ubuntu: apt-get install libsqlite3-0; Alpine: apk add sqlite-libs), or use PostgreSQL.", fault);
            }

            if (raw.sqlite3_libversion_number() < OldestVersion)
            {
                throw new DatabaseUnavailableException($"SQLite 3.37 or newer is needed; the system's library is {raw.sqlite3_libversion().utf8_to_string()}.");
            }

            _loaded = true;
        }
    }

    private static nint Resolve(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path)
    {
        if (name != "e_sqlite3")
        {
            return 0;
        }

        var library = OperatingSystem.IsWindows() ? "winsqlite3.dll" : OperatingSystem.IsMacOS() ? "libsqlite3.dylib" : "libsqlite3.so.0";
        return NativeLibrary.Load(library);
    }
}
