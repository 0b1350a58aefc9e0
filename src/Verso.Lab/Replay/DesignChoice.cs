using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Lab.Replay;

/// <summary>
/// A design of the catalogue with options, written <c>name</c> or <c>name:option=value:option=value</c>.
/// </summary>
public sealed class DesignChoice
{
    /// <summary>The design as it is.</summary>
    public DesignChoice(Catalogue.Entry entry)
    {
        Entry = entry;
        Name = entry.Facts.Name;
        Options = new Dictionary<string, string>();
    }

    private DesignChoice(Catalogue.Entry entry, string name, Dictionary<string, string> options)
    {
        Entry = entry;
        Name = name;
        Options = options;
    }

    public Catalogue.Entry Entry { get; }

    /// <summary>As written.</summary>
    public string Name { get; }

    public IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>The design with its options chosen.</summary>
    public Catalogue.Entry Chosen => Options.Aggregate(Entry, (entry, option) => entry.With(option.Key, option.Value));

    /// <summary>Every design of the catalogue as it is.</summary>
    public static IReadOnlyList<DesignChoice> All { get; } =
        [.. Catalogue.Designs.Select(entry => new DesignChoice(entry))];

    private static IEnumerable<string> Names => Catalogue.Designs.Select(entry => entry.Facts.Name);

    /// <summary>Reads one choice. Throws <see cref="FormatException"/>, whose message names what there is.</summary>
    public static DesignChoice Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        Catalogue.Entry entry = Catalogue.Find(parts[0])
            ?? throw new FormatException($"unknown design '{parts[0]}'; there are {string.Join(", ", Names)}");
        Dictionary<string, string> options = [];
        foreach (string part in parts.AsSpan(1))
        {
            int sign = part.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0)
            {
                throw new FormatException($"design option '{part}' is not of the form name=value");
            }

            options[part[..sign]] = part[(sign + 1)..];
        }

        try
        {
            _ = entry.Create(new MachineOptions { Design = options });
        }
        catch (ArgumentException refused)
        {
            throw new FormatException($"{parts[0]}: {refused.Message.Split(" (Parameter", 2)[0]}", refused);
        }

        return new DesignChoice(entry, text, options);
    }

    /// <summary>Reads a list separated by commas; <c>all</c> is every design.</summary>
    public static IReadOnlyList<DesignChoice> ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<DesignChoice> choices = [];
        foreach (string name in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            choices.AddRange(name == "all" ? All : [Parse(name)]);
        }

        return choices.Count > 0 ? [.. choices.DistinctBy(choice => choice.Name)]
            : throw new FormatException("no design is named");
    }
}
