using System.Text.RegularExpressions;

namespace Verso.Tidy.Tests;

/// <summary>What ARCHITECTURE.md names is there.</summary>
public sealed partial class ArchitectureTests
{
    [Fact]
    public void EveryNameInTheWalksIsInTheSources()
    {
        string page = Repository.Read("ARCHITECTURE.md");
        string section = page[page.IndexOf("## How a step flows", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 3, StringComparison.Ordinal)];
        string[] named = [.. Identifiers().Matches(section).Select(match => match.Value).Distinct()];
        HashSet<string> known =
            [.. Repository.Under(".cs", "src").SelectMany(file => Identifiers().Matches(Repository.Read(file)).Select(match => match.Value))];
        Assert.True(named.Length > 30, $"{named.Length} names");
        Assert.DoesNotContain(named, name => !known.Contains(name));
    }

    /// <summary>Words with a capital within: no word of English.</summary>
    [GeneratedRegex("[A-Z][a-z]+(?:[A-Z][a-z]*)+")]
    private static partial Regex Identifiers();
}
