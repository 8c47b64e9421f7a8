using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Tests.House;

/// <summary>Every sentence that a person can meet is there in every language, and nothing is translated that nobody says.</summary>
public sealed partial class TextsTests
{
    /// <summary>Keys that a view gets from elsewhere, and where <see cref="Said"/> finds them instead.</summary>
    private static readonly string[] KeysFromElsewhere =
    [
        "Title", "Detail", // problems
        "Meanings.GetValueOrDefault(row.Event, row.Event)", // audit kinds
        "DeviceName.Of(session.UserAgent)", "DeviceName.Of(UserAgent)", "DeviceName.Of(row.UserAgent ?? \"\")", "DeviceName.Of(device.UserAgent ?? \"\")", // phrases
        "place.Text", "obstacle", "name", "line.What", "line.Finding", "setting.Absence!", "setting.Source", // phrases that the administration makes
        "permission.Meaning",
        "entry.Title", "state", "way.Text", "way.Title", "way.Choose", "Way.Lead", "code.Label", // phrases that rooms register
    ];

    private static readonly IReadOnlyDictionary<string, string> Sources = ReadSources();

    public static TheoryData<string> Translations => [.. Languages.All.Where(language => language != Languages.Fallback)];

    [Theory, MemberData(nameof(Translations))]
    public void Every_sentence_is_translated_and_no_other(string language)
    {
        var (said, known) = (Said(), Read(language).Select(text => text.English).ToList());

        Assert.True(said.Count > 150, $"Only {said.Count} sentences were found: the search is broken.");
        SourceTree.AssertNone(said.Except(known), $"Missing in {language}.json:");
        SourceTree.AssertNone(known.Except(said), $"In {language}.json, and said nowhere:");
        SourceTree.AssertNone(known.GroupBy(english => english).Where(group => group.Count() > 1).Select(group => group.Key), $"Twice in {language}.json:");
    }

    [Theory, MemberData(nameof(Translations))]
    public void A_translation_has_the_placeholders_of_its_sentence(string language) => SourceTree.AssertNone(
        Read(language).Where(text => string.IsNullOrWhiteSpace(text.Translation) || !Holes(text.English).SequenceEqual(Holes(text.Translation))).Select(text => $"{text.English} → {text.Translation}"),
        "Empty, or with other placeholders:");

    [Fact]
    public void A_view_says_literals_or_what_is_known_to_be_translated_elsewhere() => SourceTree.AssertNone(
        Views().SelectMany(view => Computed().Matches(view.Value).Select(match => match.Groups[1].Value).Except(KeysFromElsewhere).Select(key => $"{view.Key}: T[{key}]")),
        "This key is not seen by the search for missing translations:");

    [Fact]
    public void A_view_has_no_words_past_its_texts() => SourceTree.AssertNone(
        Views().SelectMany(view => Untranslated().Matches(view.Value.Split("@code {")[0]).Select(match => match.Value.Trim()).Select(text => $"{view.Key}: {text}")),
        "Words that no language file knows:");

    /// <summary>A sentence glued from pieces is another key for every value: values stand beside it, in a <see cref="Phrase"/>.</summary>
    [Fact]
    public void What_is_wrong_with_a_field_is_not_glued_together() => SourceTree.AssertNone(
        Sources.SelectMany(source => Complaints().Matches(source.Value).Where(match => match.Value.Contains("$\"", StringComparison.Ordinal)).Select(match => $"{source.Key}: {match.Value}")),
        "Use new Phrase(\"… {0} …\", value):");

    [Theory, MemberData(nameof(Translations))]
    public void Every_mail_is_there_with_the_same_placeholders(string language)
    {
        foreach (var template in MailValues.Of.Keys.Append("layout"))
        {
            foreach (var kind in new[] { "txt", "html" })
            {
                var (english, translated) = (Resource($"Cardea.MailTemplates.{template}.en.{kind}"), Resource($"Cardea.MailTemplates.{template}.{language}.{kind}"));
                Assert.True(Tags(english).SequenceEqual(Tags(translated)), $"{template}.{language}.{kind} has other placeholders than {template}.en.{kind}.");
                Assert.True(template == "layout" || english != translated, $"{template}.{language}.{kind} is still in English.");
            }
        }
    }

    private static SortedSet<string> Said()
    {
        var said = new SortedSet<string>(StringComparer.Ordinal) { DeviceName.Of("").English };
        foreach (var (path, text) in Sources)
        {
            Add(Literals().Matches(text));
            Add(Phrases().Matches(text));
            Add(Constants().Matches(text));
            foreach (Match complaint in Complaints().Matches(text))
            {
                Add(Sentences().Matches(complaint.Value));
            }

            if (path.EndsWith("Pages.cs", StringComparison.Ordinal))
            {
                Add(Sentences().Matches(text)); // flash messages, whichever way they take
            }
        }

        said.UnionWith(AuditKinds.All.Select(kind => kind.Meaning));
        said.UnionWith(RegistriesTests.Gather<Permission>().Select(found => found.Value.Meaning));
        said.UnionWith(Problems().SelectMany(problem => new[] { problem.Title, problem.Detail, problem.OnPage?.Title, problem.OnPage?.Detail }).OfType<string>());
        return said;

        void Add(MatchCollection matches) => said.UnionWith(matches.Select(match => Regex.Unescape(match.Groups[1].Value)));
    }

    private static IEnumerable<Problem> Problems() => typeof(Problem).Assembly.GetTypes()
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
        .Where(field => field.FieldType == typeof(Problem))
        .Select(field => (Problem)field.GetValue(null)!);

    private static List<(string English, string Translation)> Read(string language)
    {
        using var texts = JsonDocument.Parse(Resource($"{Languages.ResourcePrefix}{language}.json"));
        return [.. texts.RootElement.EnumerateObject().Select(text => (text.Name, text.Value.GetString() ?? ""))];
    }

    private static string Resource(string name)
    {
        using var stream = typeof(Problem).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"There is no {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> Holes(string text) => Hole().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Tags(string template) => Tag().Matches(template).Select(match => match.Value).Order(StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<string, string>> Views() => Sources.Where(source => source.Key.EndsWith(".razor", StringComparison.Ordinal));

    private static Dictionary<string, string> ReadSources()
    {
        var root = Path.Combine(SourceTree.Root, "src", "Cardea");
        return new[] { "Features", "Foundation" }
            .SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "*.*", SearchOption.AllDirectories))
            .Where(path => Path.GetExtension(path) is ".razor" or ".cs")
            .ToDictionary(path => Path.GetRelativePath(root, path), File.ReadAllText);
    }

    [GeneratedRegex("(?:\\bT|\\bTexts|\\btexts|\\bthis)\\[\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Literals();

    [GeneratedRegex("(?:\\bT|\\bTexts)\\[(?!\")([^\\]]*)\\]")]
    private static partial Regex Computed();

    [GeneratedRegex("(?:new Phrase|Phrase \\w+ = new)\\(\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Phrases();

    [GeneratedRegex("const string \\w+ = \"([A-Z][^\"\\\\]* [^\"\\\\]*[.?!])\"")]
    private static partial Regex Constants();

    [GeneratedRegex("(?:errors\\.Add|FieldErrors\\.One)\\(.*?\\);", RegexOptions.Singleline)]
    private static partial Regex Complaints();

    [GeneratedRegex("\"([A-Z][^\"\\\\]* [^\"\\\\]*[.?!])\"")]
    private static partial Regex Sentences();

    [GeneratedRegex(">[^<>@\n]*[A-Za-z]{2,}[^<>@\n]*<|(?:aria-label|title|placeholder|alt|Label|Hint|Title)=\"[^@\"]*[A-Za-z][^\"]*\"")]
    private static partial Regex Untranslated();

    [GeneratedRegex("\\{[0-9]\\}")]
    private static partial Regex Hole();

    [GeneratedRegex("\\{\\{.*?\\}\\}")]
    private static partial Regex Tag();
}
