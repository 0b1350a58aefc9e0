using System.Globalization;
using System.Text;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Steps to take on a machine, and what is special about that machine. Readable as text.</summary>
/// <remarks>
/// <code>
///   # why this scenario exists
///   option lazyfree drop
///   option maxmaps 12
///   option unit 512
///   map A 4 3 rw
///   ...
/// </code>
/// </remarks>
public sealed record Scenario(IReadOnlyList<Op> Ops)
{
    public LazyFree LazyFree { get; init; } = LazyFree.Keep;

    /// <summary>vm.max_map_count; 0 for the default.</summary>
    public int MaxMaps { get; init; }

    /// <summary>Pages of the machine that each page of the scenario stands for.</summary>
    public int PagesPerUnit { get; init; } = 1;

    /// <summary>
    /// A step that makes no sense when it is reached (of a dead address space) is an error, and not skipped.
    /// </summary>
    public bool IsStrict { get; init; }

    /// <summary>The scenario in a text. Throws <see cref="FormatException"/>.</summary>
    public static Scenario Parse(string text)
    {
        Scenario scenario = new([]);
        List<Op> ops = [];
        foreach (string each in text.Split('\n'))
        {
            string line = each.Split('#')[0].Trim();
            if (line.StartsWith("option ", StringComparison.Ordinal))
            {
                scenario = scenario.WithOption(line.Split(' '));
            }
            else if (line.Length > 0)
            {
                ops.Add(OpText.Parse(line));
            }
        }

        return scenario with { Ops = ops };
    }

    public override string ToString()
    {
        StringBuilder text = new();
        if (LazyFree != LazyFree.Keep)
        {
            text.Append("option lazyfree ").Append(LazyFree.ToString().ToLowerInvariant()).Append('\n');
        }

        if (MaxMaps != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"option maxmaps {MaxMaps}\n");
        }

        if (PagesPerUnit != 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"option unit {PagesPerUnit}\n");
        }

        foreach (Op op in Ops)
        {
            text.Append(OpText.Print(op)).Append('\n');
        }

        return text.ToString();
    }

    private Scenario WithOption(string[] words) => words switch
    {
        [_, "lazyfree", string mode] => this with { LazyFree = Enum.Parse<LazyFree>(mode, ignoreCase: true) },
        [_, "maxmaps", string count] => this with { MaxMaps = int.Parse(count, CultureInfo.InvariantCulture) },
        [_, "unit", string pages] => this with { PagesPerUnit = int.Parse(pages, CultureInfo.InvariantCulture) },
        _ => throw new FormatException($"not an option: {string.Join(' ', words)}"),
    };
}
