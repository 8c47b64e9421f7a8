using System.Globalization;

namespace Cardea.Features.Shared;

/// <summary>A colour of the operator's, and what can be read with it (WCAG 2.2, relative luminance and contrast ratio).</summary>
internal readonly record struct Color(byte Red, byte Green, byte Blue)
{
    public static readonly Color White = new(255, 255, 255);
    public static readonly Color Night = new(0x1b, 0x1e, 0x26);
    private const double Readable = 4.6; // AA asks for 4.5; a little more, since it is rounded to bytes

    public static Color Parse(string text)
    {
        var value = int.Parse(text.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new((byte)(value >> 16), (byte)(value >> 8), (byte)value);
    }

    public Color TextOn() => Contrast(this, White) >= Readable ? White : Contrast(this, new(0, 0, 0)) > Contrast(this, White) ? new(0x10, 0x12, 0x16) : White;

    /// <summary>Moved towards black or white, whichever is away from the ground, until it can be read there.</summary>
    public Color ReadableOn(Color ground)
    {
        var (color, target) = (this, ground.Luminance > 0.4 ? (byte)0 : (byte)255);
        for (var step = 0; step < 20 && Contrast(color, ground) < Readable; step++)
        {
            color = new(Towards(color.Red, target), Towards(color.Green, target), Towards(color.Blue, target));
        }

        return color;
    }

    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    private double Luminance => (0.2126 * Linear(Red)) + (0.7152 * Linear(Green)) + (0.0722 * Linear(Blue));

    private static double Contrast(Color one, Color other)
    {
        var (light, dark) = one.Luminance > other.Luminance ? (one.Luminance, other.Luminance) : (other.Luminance, one.Luminance);
        return (light + 0.05) / (dark + 0.05);
    }

    private static double Linear(byte part)
    {
        var value = part / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }

    private static byte Towards(byte from, byte to) => (byte)Math.Clamp(from + ((to - from) / 10) + Math.Sign(to - from), 0, 255);
}
