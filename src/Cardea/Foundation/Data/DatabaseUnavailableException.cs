namespace Cardea.Foundation.Data;

/// <summary>The database can't take the work now; the door answers 503.</summary>
public sealed class DatabaseUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
