namespace Cardea.Foundation.Data;

public enum Engine
{
    Sqlite,
    Postgres,
}
