using System.Reflection;
using Cardea.Foundation.Data;
using Xunit.Sdk;

namespace Cardea.Tests.Harness;

/// <summary>Runs a theory, whose first parameter is an <see cref="Engine"/>, on SQLite.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OnSqliteAttribute(params object[] more) : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Engine.Sqlite, .. more]];
}

/// <summary>Runs a theory, whose first parameter is an <see cref="Engine"/>, on the PostgreSQL server that test.sh starts.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OnPostgresAttribute : DataAttribute
{
    private readonly object[] _more;

    public OnPostgresAttribute(params object[] more)
    {
        _more = more;
        if (TestDatabase.PostgresServer is null)
        {
            Skip = "CARDEA_TEST_POSTGRES is not set: ./test.sh starts a PostgreSQL server and sets it";
        }
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Engine.Postgres, .. _more]];
}
