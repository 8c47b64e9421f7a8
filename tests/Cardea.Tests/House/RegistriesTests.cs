using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cardea.Features.Audit;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.RateLimits;
using Cardea.Foundation.Problems;

namespace Cardea.Tests.House;

/// <summary>Each room declares its own problems, events, purposes and allowances; here they are gathered, since two rooms could choose one name.</summary>
public sealed partial class RegistriesTests
{
    /// <summary>The contract gives these two one word at two statuses: a sign-in and a change, a mailed link and a refresh token.</summary>
    private static readonly string[] WordsWithTwoStatuses = ["invalid_credentials 401", "invalid_credentials 403", "invalid_token 400", "invalid_token 401"];

    /// <summary>Members whose name sounds secret and whose value everybody may read.</summary>
    private static readonly string[] NotSecret = ["Problem.Code", "ProblemBody.Code", "TokenBody.TokenType", "Migration.Text", "Part.Text"];

    [Fact]
    public void A_problems_code_is_snake_case_and_its_own()
    {
        var problems = Gather<Problem>();

        Assert.True(problems.Count > 20, $"Only {problems.Count} problems were found.");
        SourceTree.AssertNone(problems.Where(found => !SnakeCase().IsMatch(found.Value.Code)).Select(found => $"{found.Where}: {found.Value.Code}"), "Not snake_case:");
        AssertUnique(problems.Select(found => (found.Where, $"{found.Value.Code} {found.Value.Status}")), "problem");
        Assert.Equal(WordsWithTwoStatuses, problems.GroupBy(found => found.Value.Code).Where(group => group.Count() > 1)
            .SelectMany(group => group.Select(found => $"{found.Value.Code} {found.Value.Status}")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_problem_is_fit_to_show_a_person() => SourceTree.AssertNone(
        Gather<Problem>().Where(found => found.Value is not { Status: >= 400 and < 600, Title.Length: > 0, Detail.Length: > 0 }
            || (!found.Value.Detail.EndsWith('.') && found.Value.Code is not "session_active")) // whose words the contract gives
            .Select(found => $"{found.Where}: {found.Value.Detail}"),
        "A problem has a status of refusal, a title and a sentence:");

    [Fact]
    public void An_audit_kind_is_its_own_and_says_what_it_means()
    {
        var kinds = Gather<AuditKind>();

        Assert.True(kinds.Count > 15, $"Only {kinds.Count} audit kinds were found.");
        AssertUnique(kinds.Select(found => (found.Where, found.Value.Name)), "audit kind");
        SourceTree.AssertNone(kinds.Where(found => !DottedName().IsMatch(found.Value.Name) || !found.Value.Meaning.EndsWith('.')).Select(found => $"{found.Where}: {found.Value.Name}"), "An event is called `noun.happened` and has a sentence:");
    }

    [Fact]
    public void Secret_purposes_and_allowances_are_their_own()
    {
        var purposes = Gather<SecretPurpose>();
        var allowances = Gather<Allowance>();

        Assert.NotEmpty(purposes);
        Assert.NotEmpty(allowances);
        AssertUnique(purposes.Select(found => (found.Where, found.Value.Name)), "secret purpose");
        AssertUnique(allowances.Select(found => (found.Where, found.Value.Name)), "allowance");
    }

    /// <summary>A type that can reveal something says in <c>ToString</c> what it is: log lines and exception messages call that unasked.</summary>
    [Fact]
    public void Who_can_reveal_a_secret_never_prints_it()
    {
        const string marker = "marker-that-must-not-be-printed";
        var types = PlacesTests.Product
            .Where(type => type.IsClass && !type.IsAbstract && type.GetMember("Reveal").Length > 0)
            .ToList();

        Assert.Contains(types, type => type.Name == "PlainPassword");
        Assert.Contains(types, type => type.Name == "SecretToken");
        SourceTree.AssertNone(types.Where(type => !Prints(type, marker).StartsWith('[')).Select(type => type.FullName!), "These print what they hold:");
    }

    /// <summary>A record prints all its members by itself, also the ones that came from a request or go into an answer.</summary>
    [Fact]
    public void No_record_prints_a_member_that_holds_a_secret()
    {
        var records = PlacesTests.Product
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && type.GetMethod("<Clone>$") is not null)
            .Select(type => (Type: type, Secrets: SecretMembers(type).ToList()))
            .Where(record => record.Secrets.Count > 0)
            .ToList();

        Assert.Contains(records, record => record.Type.Name == "LoginRequest");
        SourceTree.AssertNone(
            from record in records
            from secret in record.Secrets
            where Prints(record.Type, "marker-that-must-not-be-printed", secret).Contains("marker", StringComparison.Ordinal)
            select $"{record.Type.FullName}.{secret}",
            "ToString of these records prints what a log must not hold:");
    }

    public static List<(string Where, T Value)> Gather<T>()
        where T : class =>
        [.. PlacesTests.Product
            .Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.FieldType == typeof(T))
            .Select(field => ($"{field.DeclaringType!.Name}.{field.Name}", (T)field.GetValue(null)!))];

    private static void AssertUnique(IEnumerable<(string Where, string Name)> names, string what) => SourceTree.AssertNone(
        names.GroupBy(pair => pair.Name).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(pair => pair.Where))}"),
        $"One {what}, declared twice:");

    private static IEnumerable<string> SecretMembers(Type type) => type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(property => property.PropertyType == typeof(string) && SoundsSecret().IsMatch(property.Name) && !NotSecret.Contains($"{type.Name}.{property.Name}"))
        .Select(property => property.Name);

    /// <summary>An instance as no constructor would make it: every text in it, or the one named, is the marker.</summary>
    private static string Prints(Type type, string marker, string? member = null)
    {
        var instance = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (field.FieldType == typeof(string) && (member is null || field.Name == $"<{member}>k__BackingField"))
            {
                field.SetValue(instance, marker);
            }
        }

        return instance.ToString()!;
    }

    [GeneratedRegex("^[a-z]+(_[a-z]+)*$")]
    private static partial Regex SnakeCase();

    [GeneratedRegex(@"^[a-z_]+(\.[a-z_]+)?$")]
    private static partial Regex DottedName();

    [GeneratedRegex("Password|Token|Secret|^Code$|^Link$|^Text$|^Html$|ConnectionString")]
    private static partial Regex SoundsSecret();
}
