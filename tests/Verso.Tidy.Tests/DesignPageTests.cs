using Verso.Engine.ReverseMaps;

namespace Verso.Tidy.Tests;

/// <summary>The page of a design answers the same questions as every other.</summary>
public sealed class DesignPageTests
{
    private static readonly string[] Sections =
    [
        "Where it comes from", "What it looks like", "Operations", "Merging", "Invariants", "What breaks it", "Seen", "Neighbours",
    ];

    public static TheoryData<string> Designs { get; } = [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    [Theory]
    [MemberData(nameof(Designs))]
    public void HasEverySection(string design)
    {
        string[] headings = [.. Lines(design).Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..])];
        Assert.Empty(Sections.Except(headings));
        Assert.All(Sections, section => Assert.NotEmpty(Section(design, section)));
    }

    /// <summary>A picture, not only words.</summary>
    [Theory]
    [MemberData(nameof(Designs))]
    public void ShowsItsStructure(string design) => Assert.True(
        Section(design, "What it looks like").Count(line => line.StartsWith("```", StringComparison.Ordinal)) >= 2);

    [Theory]
    [MemberData(nameof(Designs))]
    public void SaysWhereTheCodeIs(string design)
    {
        string code = Assert.Single(Lines(design), line => line.StartsWith("Code: `", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(Repository.Root, code.Split('`')[1])), code);
    }

    /// <summary>Each option with each of its values, as code.</summary>
    [Theory]
    [MemberData(nameof(Designs))]
    public void SpeaksOfEveryOption(string design)
    {
        string page = string.Join('\n', Lines(design));
        foreach (DesignOption option in Catalogue.Find(design)!.Facts.Options)
        {
            Assert.Contains(option.Name, page);
            Assert.All(
                option.Values.Where(value => value.Name is not ("on" or "off" or "true" or "false")),
                value => Assert.True(
                    page.Contains($"`{value.Name}`") || page.Contains($"`{option.Name}={value.Name}`"),
                    $"{option.Name}={value.Name} is not on the page"));
        }
    }

    private static string[] Lines(string design) => Repository.Lines($"docs/designs/{design}.md");

    private static string[] Section(string design, string heading) =>
    [
        .. Lines(design).SkipWhile(line => line != "## " + heading).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.Length > 0),
    ];
}
