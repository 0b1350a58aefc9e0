namespace Verso.Reports.Text;

/// <summary>
/// Colours, or none. Only SGR bold and 30-37, as strace has it; no meaning is carried by colour alone.
/// </summary>
public sealed class Palette
{
    private readonly bool _isOn;

    private Palette(bool isOn) => _isOn = isOn;

    public static Palette Plain { get; } = new(false);

    public static Palette Colored { get; } = new(true);

    public string Bold(string text) => Paint(text, "1");

    /// <summary>Agreement.</summary>
    public string Good(string text) => Paint(text, "32");

    /// <summary>Disagreement.</summary>
    public string Bad(string text) => Paint(text, "31");

    /// <summary>Names: designs, files.</summary>
    public string Name(string text) => Paint(text, "36");

    private string Paint(string text, string code) => _isOn ? $"\e[{code}m{text}\e[0m" : text;
}
