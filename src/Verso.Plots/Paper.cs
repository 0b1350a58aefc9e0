using ScottPlot;
using SkiaSharp;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>What is drawn on: as wide as a column of print, with letters as large as those of the text.</summary>
/// <param name="WidthMillimetres">Of the whole drawing, from <see cref="Narrowest"/> to <see cref="Widest"/>.</param>
public sealed record Paper(int WidthMillimetres)
{
    /// <summary>The width of one of two columns on a sheet of A4 or letter size.</summary>
    public const int Column = 86;

    public const int Narrowest = 40;
    public const int Widest = 400;

    /// <summary>Dots an inch of a picture of dots: what printers ask for.</summary>
    public const int Resolution = 300;

    private const double MillimetresOfInch = 25.4;

    /// <summary>Units of length of SVG, and of what is drawn here.</summary>
    private const int UnitsOfInch = 96;

    /// <summary>8 points.</summary>
    private const float LetterUnits = 8f * UnitsOfInch / 72;

    /// <summary>From one line of the title to the next, of the height of a letter.</summary>
    private const float LineHeight = 1.4f;

    /// <summary>Fonts that most machines have one of; where there is none of them, what there is.</summary>
    private static readonly string[] s_faces = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"];

    /// <summary>How wide it is, in units of 1/96 inch.</summary>
    public int Width => (int)(WidthMillimetres / MillimetresOfInch * UnitsOfInch);

    /// <summary>Why nothing can be lettered here; null: it can.</summary>
    public static string? Unavailable()
    {
        try
        {
            // Where there is none, Skia has one without a name and without letters.
            return SKTypeface.Default.GlyphCount > 0 ? null
                : "no font is installed to letter figures with: apt install fonts-dejavu-core";
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException)
        {
            return "libSkiaSharp.so, which draws, is not beside the program: install both, or run ./verso";
        }
    }

    /// <summary>Draws a figure.</summary>
    public Drawing Draw(Figure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        Plot plot = new();
        if (s_faces.FirstOrDefault(SKFontManager.Default.FontFamilies.Contains) is string face)
        {
            plot.Font.Set(face);
        }

        plot.Axes.Title.Label.FontSize = LetterUnits;
        plot.Axes.Title.Label.Bold = true;
        plot.Legend.FontSize = LetterUnits;
        plot.Legend.Padding = new PixelPadding(0);
        plot.Legend.Margin = new PixelPadding(0);
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Transparent;
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.TickLabelStyle.FontSize = LetterUnits;
            axis.Label.FontSize = LetterUnits;
            axis.Label.Bold = false;
            axis.FrameLineStyle.Width = 0.5f;
        }

        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        Canvas canvas = new(Width, LetterUnits);
        int height = Kinds.Of(figure.Chart.Kind)(plot, figure, canvas);
        string title = Prose.Fit(Printable.Of(figure.Title), canvas.Letters).TrimEnd('\n');
        plot.Title(title);
        plot.Axes.Title.FullFigureCenter = true;
        float titleHeight = LetterUnits * LineHeight * (title.Count(letter => letter == '\n') + 1);
        return new Drawing(plot, Width, height + (int)titleHeight);
    }

    /// <summary>What is drawn, and how large.</summary>
    public sealed record Drawing(Plot Plot, int Width, int Height)
    {
        /// <summary>As SVG, its letters as text.</summary>
        public string Svg => Plot.GetSvgXml(Width, Height);

        /// <summary>As PNG, <see cref="Resolution"/> dots an inch.</summary>
        public byte[] Png()
        {
            double scale = (double)Resolution / UnitsOfInch;
            Plot.ScaleFactor = scale;
            using ScottPlot.Image image = Plot.GetImage((int)(Width * scale), (int)(Height * scale));
            Plot.ScaleFactor = 1;
            return image.GetImageBytes(ImageFormat.Png);
        }
    }
}

/// <summary>Where a figure is drawn.</summary>
/// <param name="Width">In units of 1/96 inch.</param>
/// <param name="Letter">The height of letters, in the same.</param>
internal readonly record struct Canvas(int Width, float Letter)
{
    /// <summary>How wide a letter is of the height 1, on average.</summary>
    private const float Slenderness = 0.6f;

    /// <summary>How many letters fit beside each other, roughly.</summary>
    internal int Letters => (int)(Width / (Letter * Slenderness));

    /// <summary>How wide a text is, roughly.</summary>
    internal float WidthOf(string text) => text.Length * Letter * Slenderness;
}
