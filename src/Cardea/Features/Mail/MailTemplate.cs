using System.Text;

namespace Cardea.Features.Mail;

/// <summary>
/// One template file, parsed: <c>{{name}}</c> is a value, <c>{{#name}}…{{/name}}</c> is shown when the value isn't empty. There is no
/// way to leave out the encoding and none to compute, so that a template can be wrong only in its words.
/// </summary>
internal sealed class MailTemplate
{
    private readonly IReadOnlyList<Part> _parts;

    private MailTemplate(IReadOnlyList<Part> parts) => _parts = parts;

    private enum PartKind
    {
        Literal,
        Value,
        Open,
        Close,
    }

    public IEnumerable<string> Names => _parts.Where(part => part.Kind is not PartKind.Literal).Select(part => part.Text).Distinct();

    /// <summary>The values that are printed, not only asked for.</summary>
    public IEnumerable<string> Shown => _parts.Where(part => part.Kind is PartKind.Value).Select(part => part.Text).Distinct();

    public static MailTemplate? TryParse(string source, out string? fault)
    {
        var parts = new List<Part>();
        var open = new Stack<string>();
        fault = null;
        for (var at = 0; at < source.Length;)
        {
            var tag = source.IndexOf("{{", at, StringComparison.Ordinal);
            var end = tag < 0 ? -1 : source.IndexOf("}}", tag, StringComparison.Ordinal);
            if (tag < 0)
            {
                parts.Add(new Part(PartKind.Literal, source[at..]));
                break;
            }

            parts.Add(new Part(PartKind.Literal, source[at..tag]));
            var part = end < 0 ? null : TagOf(source[(tag + 2)..end].Trim());
            if (part is null)
            {
                fault = $"line {LineOf(source, tag)}: \"{{{{\" does not begin a placeholder of the form {{{{name}}}}, {{{{#name}}}} or {{{{/name}}}}";
                return null;
            }

            if (part.Kind is PartKind.Close && !(open.TryPop(out var opened) && opened == part.Text))
            {
                fault = $"line {LineOf(source, tag)}: {{{{/{part.Text}}}}} closes a block that is not open there";
                return null;
            }

            if (part.Kind is PartKind.Open)
            {
                open.Push(part.Text);
            }

            parts.Add(part);
            at = end + 2;
        }

        fault = open.Count == 0 ? null : $"{{{{#{open.Peek()}}}}} is never closed";
        return fault is null ? new MailTemplate(parts) : null;
    }

    public string Render(Func<string, string> valueOf, Func<string, string, string> encode)
    {
        var text = new StringBuilder();
        var hidden = 0;
        foreach (var part in _parts)
        {
            // A block inside a hidden one is hidden too; counting depth is enough because blocks are known to nest.
            switch (part.Kind)
            {
                case PartKind.Open:
                    hidden += hidden > 0 || valueOf(part.Text).Length == 0 ? 1 : 0;
                    break;
                case PartKind.Close:
                    hidden -= hidden > 0 ? 1 : 0;
                    break;
                case PartKind.Literal when hidden == 0:
                    text.Append(part.Text);
                    break;
                case PartKind.Value when hidden == 0:
                    text.Append(encode(part.Text, valueOf(part.Text)));
                    break;
            }
        }

        return text.ToString();
    }

    private static Part? TagOf(string tag)
    {
        var kind = tag.Length == 0 ? PartKind.Value : tag[0] switch
        {
            '#' => PartKind.Open,
            '/' => PartKind.Close,
            _ => PartKind.Value,
        };
        var name = kind is PartKind.Value ? tag : tag[1..];
        return name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') ? new Part(kind, name) : null;
    }

    private static int LineOf(string source, int position) => source.AsSpan(0, position).Count('\n') + 1;

    private sealed record Part(PartKind Kind, string Text);
}
