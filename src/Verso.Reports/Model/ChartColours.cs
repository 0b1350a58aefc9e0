namespace Verso.Reports.Model;

/// <summary>
/// What charts are drawn in, on screens and on paper: series in turn. Who cannot tell two of them apart has the dashes
/// and symbols of lines, the patterns of bars and the letters of boxes.
/// </summary>
public static class ChartColours
{
    /// <summary>Of what is nothing: address space that is not mapped.</summary>
    public const string Nothing = "#c9ced3";

    /// <summary>Of series, one after another, as red, green and blue in hexadecimal digits.</summary>
    public static IReadOnlyList<string> Series { get; } =
    [
        "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#bab0ac",
        "#1b6f6a", "#d37295", "#a0cbe8", "#8cd17d", "#5b3f8c", "#4d4d4d",
    ];
}
