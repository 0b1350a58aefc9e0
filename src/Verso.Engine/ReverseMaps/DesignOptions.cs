namespace Verso.Engine.ReverseMaps;

/// <summary>Reading the options of a design.</summary>
internal static class DesignOptions
{
    /// <summary>
    /// Throws <see cref="ArgumentException"/> if there is an option that is not among those a design knows.
    /// </summary>
    public static void Accept(IReadOnlyDictionary<string, string> options, params ReadOnlySpan<string> known)
    {
        foreach (string name in options.Keys)
        {
            if (!known.Contains(name))
            {
                string has = known.IsEmpty ? "the design has no options" : $"known are {string.Join(", ", known!)}";
                throw new ArgumentException($"unknown design option '{name}': {has}", nameof(options));
            }
        }
    }

    /// <summary>
    /// An option that is true or false; false if absent. Throws <see cref="ArgumentException"/> on anything else.
    /// </summary>
    public static bool IsOn(IReadOnlyDictionary<string, string> options, string name) =>
        options.TryGetValue(name, out string? value) && value switch
        {
            "true" => true,
            "false" => false,
            _ => throw new ArgumentException(
                $"design option '{name}' is true or false, not '{value}'", nameof(options)),
        };
}
