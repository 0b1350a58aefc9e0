namespace Verso.Engine.ReverseMaps;

/// <summary>Reading the options of a design.</summary>
internal static class DesignOptions
{
    /// <summary>
    /// The value chosen for each option of the design, its default where none was chosen. Throws
    /// <see cref="ArgumentException"/> on an option or a value that the design does not have.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Read(
        DesignFacts facts, IReadOnlyDictionary<string, string> given)
    {
        Dictionary<string, string> chosen = facts.Options.ToDictionary(
            option => option.Name, option => option.Values[0].Name, StringComparer.Ordinal);
        foreach ((string name, string value) in given)
        {
            DesignOption option = facts.Options.FirstOrDefault(option => option.Name == name)
                ?? throw new ArgumentException(Unknown(facts, name), nameof(given));
            if (option.Values.All(known => known.Name != value))
            {
                string values = string.Join(", ", option.Values.Select(known => known.Name));
                throw new ArgumentException($"design option '{name}' is one of {values}, not '{value}'", nameof(given));
            }

            chosen[name] = value;
        }

        return chosen;
    }

    private static string Unknown(DesignFacts facts, string name)
    {
        string has = facts.Options.Count == 0
            ? "the design has no options"
            : $"known are {string.Join(", ", facts.Options.Select(option => option.Name))}";
        return $"unknown design option '{name}': {has}";
    }
}
