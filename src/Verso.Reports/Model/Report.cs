namespace Verso.Reports.Model;

/// <summary>
/// A result as every format shows it: sections of blocks. Who makes one says what there is to say and which numbers
/// are behind it; text, Markdown, CSV, JSON and HTML are made of it without knowing what it is about.
/// </summary>
public sealed record Report
{
    /// <summary>What it is a report of, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>By what command it was made.</summary>
    public required string Command { get; init; }

    /// <summary>The program and its version.</summary>
    public required string Generator { get; init; }

    public required IReadOnlyList<Section> Sections { get; init; }

    /// <summary>Whether sections are looked at one at a time, by keys, where that is possible.</summary>
    public bool IsStepped { get; init; }

    /// <summary>What stands above all sections: what its letters mean; empty: nothing.</summary>
    public string Legend { get; init; } = "";

    /// <summary>Every table of it, those behind charts too.</summary>
    public IEnumerable<Table> Tables => Sections.SelectMany(section => section.Blocks).SelectMany(block => block switch
    {
        Table table => [table],
        Chart chart => chart.Choices,
        _ => (IEnumerable<Table>)[],
    });
}

/// <summary>A part of a report that a link leads to.</summary>
/// <param name="Id">The fragment of the link: lower-case letters, digits and hyphens, unique in its report.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Blocks">What is in it, in order.</param>
public sealed record Section(string Id, string Title, IReadOnlyList<Block> Blocks)
{
    /// <summary>What keys find it by, where sections are looked at one at a time: words in lower case.</summary>
    public IReadOnlyList<string> Marks { get; init; } = [];
}

/// <summary>What a section consists of.</summary>
public abstract record Block;

/// <summary>Sentences.</summary>
public sealed record Paragraph(string Text) : Block;

/// <summary>Text that keeps its lines and columns: a drawing, an explanation.</summary>
public sealed record Preformatted(string Text) : Block;

/// <summary>What is shown on demand only: an answer.</summary>
/// <param name="Summary">What is asked for.</param>
/// <param name="Text">It.</param>
public sealed record OnDemand(string Summary, string Text) : Block;

/// <summary>Numbers and names in rows.</summary>
/// <param name="Id">Unique in its report: the name of its file as CSV, and a link leads to it.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">Its columns; the first names the row.</param>
/// <param name="Rows">Cells, as many as columns.</param>
public sealed record Table(
    string Id, string Title, IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<Cell>> Rows) : Block
{
    /// <summary>The row that others are compared with; null: they stand for themselves.</summary>
    public int? Baseline { get; init; }

    /// <summary>Whether the first column is a heading over the rows that have the same one.</summary>
    public bool IsGrouped { get; init; }

    /// <summary>What has to be known to read it; empty: nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>What it does not show, in words; empty: it shows all.</summary>
    public string Hidden { get; init; } = "";

    /// <summary>The same without a column.</summary>
    public Table Without(string key)
    {
        int at = Columns.ToList().FindIndex(column => column.Key == key);
        return at < 0 ? this : this with
        {
            Columns = [.. Columns.Where((_, column) => column != at)],
            Rows = [.. Rows.Select(row => (IReadOnlyList<Cell>)[.. row.Where((_, column) => column != at)])],
        };
    }
}

/// <summary>A column of a table.</summary>
/// <param name="Key">Its name in files.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Unit">Of its numbers.</param>
public sealed record Column(string Key, string Title, Unit Unit = Unit.None);

/// <summary>What the numbers of a column are.</summary>
public enum Unit
{
    /// <summary>Words.</summary>
    None = 0,
    Count = 1,
    Bytes = 2,
    Nanoseconds = 3,
    PerSecond = 4,

    /// <summary>Of many, so many a time: one decimal.</summary>
    Ratio = 5,

    /// <summary>A byte address: hexadecimal.</summary>
    Address = 6,
    Seconds = 7,
}

/// <summary>A word, a number, or nothing.</summary>
public readonly record struct Cell
{
    /// <summary>Words; null: it is a number or nothing.</summary>
    public string? Text { get; private init; }

    /// <summary>A whole number; null: it is none.</summary>
    public long? Count { get; private init; }

    /// <summary>A number that need not be whole; null: it is none.</summary>
    public double? Real { get; private init; }

    /// <summary>The unit of the number, where it is not the column's.</summary>
    public Unit? Unit { get; private init; }

    /// <summary>Nothing to say.</summary>
    public static Cell None => default;

    /// <summary>Whether there is a number, or a word.</summary>
    public bool HasValue => Text is not null || Count is not null || Real is not null;

    /// <summary>The number, whole or not; null: there is none.</summary>
    public double? Number => Count ?? Real;

    public static Cell Of(string text) => new() { Text = text };

    public static Cell Of(long count) => new() { Count = count };

    public static Cell Of(long count, Unit unit) => new() { Count = count, Unit = unit };

    public static Cell Of(double real) => new() { Real = real };

    public static implicit operator Cell(string text) => Of(text);

    public static implicit operator Cell(long count) => Of(count);

    public static implicit operator Cell(double real) => Of(real);
}
