namespace Verso.Tidy.Tests;

/// <summary>Folders of a project name each other in one direction: ARCHITECTURE.md tells it from the ground up.</summary>
public sealed class FolderTests
{
    private static readonly Lazy<FolderGraph> _engine = new(() => FolderGraph.Of("src/Verso.Engine"));

    public static TheoryData<string> Projects =>
        [.. Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(folder => $"src/{Path.GetFileName(folder)}").Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void FoldersAreInNoCircle(string project) =>
        Assert.Empty(FolderGraph.Of(project).Circles().Select(circle => string.Join(' ', circle)));

    [Fact]
    public void TheGraphOfAProjectWithGeneratorsKnowsWhoNamesWhom()
    {
        FolderGraph lab = FolderGraph.Of("src/Verso.Lab");
        Assert.NotEmpty(lab.Names("Replay", "Playing"));
        Assert.Empty(lab.Names("Playing", "Replay"));
        Assert.NotEmpty(FolderGraph.Of("src/Verso.Reports").Names("Json", "Text"));
    }

    /// <summary>A graph that knew nothing would have no circle either.</summary>
    [Theory]
    [InlineData("Vmas", "Ground")]
    [InlineData("Pages", "Operations")]
    [InlineData("Operations", "Merging")]
    [InlineData("ReverseMaps", "Pages")]
    [InlineData("ReverseMaps/AnonVmaLazy", "ReverseMaps/AnonVmaChain")]
    public void TheGraphKnowsWhoNamesWhom(string from, string to)
    {
        Assert.NotEmpty(_engine.Value.Names(from, to));
        Assert.Empty(_engine.Value.Names(to, from));
    }

    [Fact]
    public void EveryRoomIsInTheArchitecture()
    {
        string page = Repository.Read("ARCHITECTURE.md");
        IEnumerable<string> rooms = Repository.Under(".cs", "src/Verso.Engine")
            .Select(file => file.Split('/'))
            .Where(parts => parts.Length > 3)
            .Select(parts => parts[2])
            .Distinct();
        Assert.All(rooms, room => Assert.Contains($"`{room}/`", page, StringComparison.Ordinal));
    }
}
