using System.Text.RegularExpressions;
using Cardea.Crypto.Secrets;
using Cardea.Server;

namespace Cardea.Tests.House;

/// <summary>Things that live in one kind of place, so that a reader knows where to look and a reviewer where to look twice.</summary>
public sealed partial class PlacesTests
{
    /// <summary>The types that stand in the source; generators write others beside them.</summary>
    public static IReadOnlyList<Type> Product { get; } =
        [.. new[] { typeof(CardeaFeatures), typeof(SecretToken), typeof(CardeaProgram) }.SelectMany(one => one.Assembly.GetTypes())
            .Where(type => type.Namespace?.StartsWith("Cardea", StringComparison.Ordinal) is true)];

    [Fact]
    public void SQL_lives_in_stores_and_in_Foundation_Data() => SourceTree.AssertNone(
        SourceTree.Product
            .Where(file => !file.Name.EndsWith("Store.cs", StringComparison.Ordinal) && !file.Path.StartsWith("src/Cardea/Foundation/Data/", StringComparison.Ordinal))
            .Where(file => Sql().IsMatch(file.Uncommented))
            .Select(file => $"{file.Path}: {Sql().Match(file.Uncommented).Value}"),
        "SQL outside of a *Store.cs and Foundation/Data:");

    [Fact]
    public void Only_stores_and_Foundation_Data_know_the_database_libraries() => SourceTree.AssertNone(
        SourceTree.Product
            .Where(file => !file.Path.StartsWith("src/Cardea/Foundation/Data/", StringComparison.Ordinal) && file.Name is not "ServerOptions.cs") // reads connection strings
            .Where(file => file.Usings.Any(name => name is "Dapper" or "Npgsql" or "Microsoft.Data.Sqlite" or "SQLitePCL") || file.Code.Contains("SqliteConnection", StringComparison.Ordinal) || file.Code.Contains("NpgsqlConnection", StringComparison.Ordinal))
            .Select(file => file.Path),
        "A connection of one's own goes past the transactions and the single writer:");

    [Fact]
    public void HttpContext_stays_at_the_doors() => SourceTree.AssertNone(
        SourceTree.Product
            .Where(file => HttpTypes().IsMatch(file.Code))
            .Where(file => !file.Path.StartsWith("src/Cardea/Foundation/Web/", StringComparison.Ordinal) && !file.Path.StartsWith("src/Cardea/Foundation/Pages/", StringComparison.Ordinal)
                && file.Path is not ("src/Cardea/Features/Shared/Views.cs" or "src/Cardea/Features/Shared/Drawing.cs")
                && !file.Name.EndsWith("Endpoints.cs", StringComparison.Ordinal) && !file.Name.EndsWith("Pages.cs", StringComparison.Ordinal)
                && !file.Name.EndsWith("Feature.cs", StringComparison.Ordinal) && !file.Name.EndsWith("Cookie.cs", StringComparison.Ordinal)
                && file.Path is not ("src/Cardea/Features/Tokens/BearerTokens.cs" or "src/Cardea/Features/SignIn/PageSignIn.cs"
                    or "src/Cardea/Features/Passkeys/PasskeyVerifier.cs")) // an empty one, which the framework wants handed over
            .Select(file => file.Path),
        "A deed that knows of HTTP can't be called from a page, a command or another deed:");

    [Fact]
    public void No_type_has_a_name_that_says_nothing() => SourceTree.AssertNone(
        Product
            .Where(type => EmptyName().IsMatch(type.Name.Split('`')[0]))
            .Select(type => type.FullName!),
        "Say what it does: a deed, a noun of the trade.");

    [Fact]
    public void An_interface_has_two_living_implementations()
    {
        var interfaces = Product.Where(type => type.IsInterface).ToList();

        Assert.NotEmpty(interfaces);
        SourceTree.AssertNone(
            from type in interfaces
            let made = Product.Where(other => !other.IsAbstract && !other.IsInterface && other.GetInterfaces().Contains(type)).ToList()
            where made.Count < 2
            select $"{type.FullName}: {string.Join(", ", made.Select(other => other.Name))}",
            "An interface with one implementation is a second place to read the same thing:");
    }

    [Fact]
    public void No_file_is_longer_than_400_lines() => SourceTree.AssertNone(
        SourceTree.Product.Concat(SourceTree.ReadAll("tests")).Concat(SourceTree.ReadAll("bench"))
            .Select(file => (file.Path, Lines: file.Text.Count(letter => letter == '\n')))
            .Where(file => file.Lines > 400)
            .OrderByDescending(file => file.Lines)
            .Select(file => $"{file.Path}: {file.Lines} lines"),
        "Most files have fewer than a hundred lines. What grew past 400 tells more than one story:");

    [Fact]
    public void Nobody_asks_the_machine_for_the_time_or_draws_weak_random_numbers() => SourceTree.AssertNone(
        SourceTree.Product.Where(file => Banned().IsMatch(file.Code)).Select(file => $"{file.Path}: {Banned().Match(file.Code).Value}"),
        "Time is TimeProvider and chance is RandomNumberGenerator:");

    [GeneratedRegex(@"\b(SELECT\s+[\w*$({]|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s|CREATE\s+(TABLE|INDEX|UNIQUE)\s|ALTER\s+TABLE\s|DROP\s+TABLE\s)")]
    private static partial Regex Sql();

    [GeneratedRegex(@"\b(HttpContext|HttpRequest|HttpResponse|IHttpContextAccessor)\b")]
    private static partial Regex HttpTypes();

    [GeneratedRegex("(Manager|Service|Services|Helper|Helpers|Util|Utils|Utility|Impl)$|^Base[A-Z]|Base$")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now)\b|\bnew Random\b|\bRandom\.Shared\b|\bGuid\.NewGuid\b")]
    private static partial Regex Banned();
}
