namespace Verso.Reports.Model;

/// <summary>How the numbers of a table are drawn, and which of its columns are what.</summary>
public enum ChartKind
{
    /// <summary>
    /// A line for each column from the third on, over the first (event) or the second (seconds).
    /// </summary>
    Lines = 0,

    /// <summary>A group of bars for each row: its name in the first column, a bar for each other one.</summary>
    Bars = 1,

    /// <summary>The same with the bars of a row end to end.</summary>
    Stack = 2,

    /// <summary>
    /// A tree, a node for each row: its number, its parent's (-1: none), its name, then figures; the fourth column is
    /// the size.
    /// </summary>
    Tree = 3,

    /// <summary>
    /// Boxes in rows, one for each row of the table: first address, last, letter, name of the colour, what it is, what
    /// is to be said of it when it is chosen.
    /// </summary>
    Strip = 4,

    /// <summary>
    /// Boxes and links, a box for each row: name, column from the left, place from the top, what it is, and the names
    /// of those that it is linked to.
    /// </summary>
    Graph = 5,

    /// <summary>Dots, one for each row: place from the top, its name, place from the left, its name, what.</summary>
    Matrix = 6,
}

/// <summary>A drawing of the numbers of a table.</summary>
/// <param name="Id">A link leads to it.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Kind">How it is drawn.</param>
/// <param name="Choices">Tables that are drawn alike, one at a time; the first one at first.</param>
public sealed record Chart(string Id, string Title, ChartKind Kind, IReadOnlyList<Table> Choices) : Block
{
    /// <summary>What the choice is between, as <c>design</c>; empty where there is none.</summary>
    public string Choice { get; init; } = "";

    /// <summary>A line across a chart of lines that has a name: a limit. Null: there is none.</summary>
    public (string Name, double Value)? Limit { get; init; }

    /// <summary>What one sees, for those who do not: a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Whether lines and bars are on a logarithmic scale at first.</summary>
    public bool IsLogarithmic { get; init; }
}
