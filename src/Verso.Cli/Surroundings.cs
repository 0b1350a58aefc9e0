using System.CommandLine;
using Verso.Linux;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>Where a command writes to, and how: colours, width, progress.</summary>
internal sealed class Surroundings
{
    private const int WidthWithoutTerminal = 100;
    private const int NarrowestWidth = 80;
    private const int NarrowestProse = 40;

    internal static readonly Option<string> ColorOption = CreateColorOption();

    private Surroundings(TextWriter output, TextWriter error, Palette palette, bool isTerminal)
    {
        Output = output;
        Error = error;
        Palette = palette;
        IsTerminal = isTerminal;
        Width = isTerminal ? Math.Max(LiveScreen.Width, NarrowestWidth) : WidthWithoutTerminal;
        ProseWidth = isTerminal ? Math.Max(LiveScreen.Width, NarrowestProse) : Prose.Columns;
    }

    /// <summary>For data.</summary>
    internal TextWriter Output { get; }

    /// <summary>For messages.</summary>
    internal TextWriter Error { get; }

    internal Palette Palette { get; }

    /// <summary>Whether data goes to a terminal.</summary>
    internal bool IsTerminal { get; }

    /// <summary>Columns for tables.</summary>
    internal int Width { get; }

    /// <summary>Columns for sentences: those of the terminal, if there is one.</summary>
    internal int ProseWidth { get; }

    /// <summary>Whether messages go to a terminal, so that progress may be shown.</summary>
    internal bool ShowsProgress => IsSeen(Error);

    /// <summary>Text in lines that fit the terminal; without one as it is.</summary>
    internal string Fit(string text) => IsTerminal ? Prose.Fit(text, ProseWidth) : text;

    internal static Surroundings Of(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        bool isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        Palette palette = IsColored(parsed.GetValue(ColorOption), isTerminal) ? Palette.Colored : Palette.Plain;
        return new Surroundings(output, parsed.InvocationConfiguration.Error, palette, isTerminal);
    }

    /// <summary>A message; on a terminal in lines that fit it.</summary>
    internal void Say(string message) => Say(Error, message);

    /// <summary>The same.</summary>
    internal static void Say(TextWriter error, string message) =>
        error.Write(IsSeen(error) ? Prose.Fit(message, LiveScreen.WidthOf(TerminalSize.Error)) : message);

    private static bool IsSeen(TextWriter error) => ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    private static bool IsColored(string? choice, bool isTerminal) => choice switch
    {
        "always" => true,
        "never" => false,
        _ => isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb"),
    };

    private static Option<string> CreateColorOption()
    {
        Option<string> option = new("--color")
        {
            Description = "auto, always or never; auto: on a terminal, unless NO_COLOR is set",
            DefaultValueFactory = _ => "auto",
            HelpName = "WHEN",
            Recursive = true,
        };
        option.AcceptOnlyFromAmong("auto", "always", "never");
        return option;
    }
}
