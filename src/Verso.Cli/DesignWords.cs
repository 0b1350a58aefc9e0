using Verso.Engine.ReverseMaps;

namespace Verso.Cli;

/// <summary>How a design may be written, from what has been written of it.</summary>
internal static class DesignWords
{
    /// <summary>
    /// The designs; where one is complete, or its colon is there, that one with each value of the options not chosen
    /// yet.
    /// </summary>
    internal static IEnumerable<Completion.Candidate> For(string written)
    {
        int colon = written.IndexOf(':', StringComparison.Ordinal);
        IEnumerable<Completion.Candidate> names =
            from entry in Catalogue.Designs
            select new Completion.Candidate(entry.Facts.Name, entry.Facts.Summary);
        if (Catalogue.Find(colon < 0 ? written : written[..colon])?.Facts is not DesignFacts facts)
        {
            return names;
        }

        string before = colon < 0 ? written : written[..written.LastIndexOf(':')];
        string[] chosen = [.. before.Split(':').Skip(1).Select(part => part.Split('=')[0])];
        IEnumerable<Completion.Candidate> choices =
            from option in facts.Options
            where !chosen.Contains(option.Name)
            from value in option.Values
            select new Completion.Candidate($"{before}:{option.Name}={value.Name}", value.Meaning);
        return colon < 0 ? names.Concat(choices) : choices;
    }
}
