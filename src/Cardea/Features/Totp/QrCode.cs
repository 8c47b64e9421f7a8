using System.Text;
using QRCoder;

namespace Cardea.Features.Totp;

/// <summary>Draws a text as a QR code: one path in an SVG, with no style that a strict content security policy would refuse.</summary>
internal static class QrCode
{
    public static string Svg(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var rows = code.ModuleMatrix; // with the quiet zone of four modules that ISO/IEC 18004 asks for
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Count; x++)
            {
                var start = x;
                while (x < rows[y].Count && rows[y][x])
                {
                    x++;
                }

                if (x > start)
                {
                    path.Append('M').Append(start).Append(' ').Append(y).Append('h').Append(x - start).Append("v1h-").Append(x - start).Append('z');
                }
            }
        }

        // White under it in both colour schemes: many cameras don't read an inverted code.
        return $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {rows.Count} {rows.Count}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{rows.Count}v{rows.Count}H0z"/><path fill="#000" d="{path}"/></svg>""";
    }
}
