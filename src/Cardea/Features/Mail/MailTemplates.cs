using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Cardea.Features.Mail;

/// <summary>
/// The shipped templates and an operator's in their place, file by file: <c>reset-link.en.txt</c> and <c>reset-link.en.html</c> make one
/// mail, <c>layout.en.txt</c> and <c>layout.en.html</c> stand around all. All files are read once, in the constructor.
/// </summary>
public sealed partial class MailTemplates
{
    private const string Fallback = "en";
    private const string Layout = "layout";
    private const string ResourcePrefix = "Cardea.MailTemplates.";
    private const long LargestFile = 256 * 1024;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, MailTemplate> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MailTemplate> _subjects = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    public MailTemplates(string? overrideDirectory)
    {
        var assembly = typeof(MailTemplates).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, StrictUtf8);
            Take(resource[ResourcePrefix.Length..], reader.ReadToEnd());
        }

        if (!string.IsNullOrEmpty(overrideDirectory))
        {
            TakeDirectory(overrideDirectory);
        }

        _faults.AddRange(_files.Keys.Select(name => (Name: name, Other: Partner(name)))
            .Where(file => !_files.ContainsKey(file.Other))
            .Select(file => $"{file.Name}: needs {file.Other} beside it"));
    }

    /// <summary>What is wrong with the templates, one sentence each; none when they may be used. Asked at start, not when a mail is due.</summary>
    public IReadOnlyList<string> Check() => _faults;

    /// <exception cref="ArgumentException">An unknown template or value, or one that is missing: a mistake of the caller's.</exception>
    public RenderedMail Render(string template, string language, IReadOnlyDictionary<string, string> values)
    {
        var spoken = LanguageOf(template, language);
        var clean = Clean(template, values);
        clean["language"] = spoken;
        clean["accent_text_color"] = MailValues.TextColorOn(clean["accent_color"]);
        string ValueOf(string name) => clean.GetValueOrDefault(name, "");

        var subject = _subjects[$"{template}.{spoken}.txt"].Render(ValueOf, (_, value) => value).Trim();
        clean["subject"] = subject;
        var frame = LanguageOf(Layout, spoken);
        return new RenderedMail(
            subject,
            Within("txt", (_, value) => value),
            Within("html", (_, value) => Html.Encode(value)));

        string Within(string kind, Func<string, string, string> encode)
        {
            var content = _files[$"{template}.{spoken}.{kind}"].Render(ValueOf, encode).Trim();
            var whole = _files[$"{Layout}.{frame}.{kind}"].Render(
                name => name == "content" ? content : ValueOf(name),
                (name, value) => name == "content" ? value : encode(name, value));

            // A hidden block leaves its empty lines behind.
            return EmptyLines().Replace(whole.Trim() + "\n", "\n\n");
        }
    }

    private static Dictionary<string, string> Clean(string template, IReadOnlyDictionary<string, string> values)
    {
        if (!MailValues.Of.TryGetValue(template, out var needs))
        {
            throw new ArgumentException($"There is no mail template {template}.", nameof(template));
        }

        if (values.Keys.FirstOrDefault(name => !needs.All.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"The mail template {template} knows no value {unknown}.", nameof(values));
        }

        var clean = values.ToDictionary(value => value.Key, value => MailValues.Clean(value.Key, value.Value));
        var missing = needs.Required.Concat(["brand_name", "accent_color", "public_url"]).FirstOrDefault(name => clean.GetValueOrDefault(name, "").Length == 0);
        return missing is null ? clean : throw new ArgumentException($"The mail template {template} needs the value {missing}.", nameof(values));
    }

    // "de-CH", then "de", then English. A mail is in one language: both its parts exist in it (see the constructor).
    private string LanguageOf(string template, string language)
    {
        for (var tag = language.ToLowerInvariant(); tag.Length > 0; tag = tag[..Math.Max(0, tag.LastIndexOf('-'))])
        {
            if (_files.ContainsKey($"{template}.{tag}.txt"))
            {
                return tag;
            }
        }

        return Fallback;
    }

    private void TakeDirectory(string directory)
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
            {
                // Notes and editors' backups may lie beside the templates.
                if (Path.GetExtension(path) is ".txt" or ".html")
                {
                    TakeFile(path);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _faults.Add($"the templates directory {directory} can't be read: {fault.Message}");
        }
    }

    private void TakeFile(string path)
    {
        var name = Path.GetFileName(path);
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                _faults.Add($"{name}: is larger than {LargestFile / 1024} KiB");
                return;
            }

            Take(name, File.ReadAllText(path, StrictUtf8));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _faults.Add($"{name}: can't be read: {fault.Message}");
        }
        catch (DecoderFallbackException)
        {
            _faults.Add($"{name}: is not UTF-8 text");
        }
    }

    private void Take(string name, string source)
    {
        var match = FileName().Match(name);
        var template = match.Groups["template"].Value;
        if (!match.Success || (template != Layout && !MailValues.Of.ContainsKey(template)))
        {
            _faults.Add($"{name}: no mail has this name; they are {Layout}, {string.Join(", ", MailValues.Of.Keys.Order(StringComparer.Ordinal))}, then .en.txt or .en.html");
            return;
        }

        source = source.ReplaceLineEndings("\n");
        if (template != Layout && match.Groups["kind"].Value == "txt")
        {
            var lines = source.Split('\n', 2);
            if (!lines[0].StartsWith("Subject:", StringComparison.Ordinal) || lines[0]["Subject:".Length..].Trim().Length == 0)
            {
                _faults.Add($"{name}: the first line must be \"Subject: …\"");
                return;
            }

            if (Parse(name, template, lines[0]["Subject:".Length..].Trim(), isWhole: false) is not { } subject)
            {
                return;
            }

            _subjects[name] = subject;
            source = lines.Length > 1 ? lines[1] : "";
        }

        if (Parse(name, template, source, isWhole: true) is { } parsed)
        {
            _files[name] = parsed;
        }
    }

    private MailTemplate? Parse(string name, string template, string source, bool isWhole)
    {
        var parsed = MailTemplate.TryParse(source, out var fault);
        if (parsed is null)
        {
            _faults.Add($"{name}: {fault}");
            return null;
        }

        var needs = MailValues.Of.GetValueOrDefault(template);
        var known = needs?.All ?? [.. MailValues.Common, "content"];
        var must = needs is null ? ["content"] : needs.Required.Intersect(MailValues.Essential);
        var wrong = parsed.Names.Except(known).Select(unknown => $"{name}: unknown placeholder {{{{{unknown}}}}}")
            .Concat(must.Except(parsed.Shown).Where(_ => isWhole).Select(missing => $"{name}: never shows {{{{{missing}}}}}"))
            .ToList();
        _faults.AddRange(wrong);
        return wrong.Count == 0 ? parsed : null;
    }

    private static string Partner(string name) =>
        name.EndsWith(".txt", StringComparison.Ordinal) ? name[..^"txt".Length] + "html" : name[..^"html".Length] + "txt";

    [GeneratedRegex("^(?<template>[a-z0-9-]+)\\.(?<language>[a-z]{2,3}(-[a-z0-9]{2,8})*)\\.(?<kind>txt|html)$", RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();

    [GeneratedRegex("\n[ \t]*(\n[ \t]*)+\n")]
    private static partial Regex EmptyLines();
}
