using Verso.Engine.Tests.Conformance;

namespace Verso.Engine.Tests.ReverseMaps;

/// <summary>
/// Files and shared memory in reflink: a mapping refers to the file where it shows it, and to extents of its own where
/// it has copies, and one walk finds both.
/// </summary>
/// <remarks>In scenarios f is a file of 6 pages, s one of shared memory.</remarks>
public sealed class ReflinkFileTests
{
    private const string Design = "reflink";

    /// <summary>
    /// A walk of a file's page visits no mapping that has copied it (B), or that nobody has looked through (D); C may look.
    /// </summary>
    [Fact]
    public void AWalkVisitsWhoSeesThePage()
    {
        const string Steps = """
            begin B; begin C; begin D; file A 4 6 rw f 0; file B 4 6 rw f 0; file C 4 6 r- f 0; file D 4 6 r- f 0
            read A 5; read B 5; read B 6; read C 6; write B 5 1
            """;
        Assert.Equal((2, 1), Stage.After(Design, Steps).Walk('A', 5));
        Assert.Equal((3, 2), Stage.After(Design, Steps).Walk('C', 6));
        Assert.Equal((1, 1), Stage.After(Design, Steps).Walk('B', 5));

        // The list of the file's mappings has all four, copied or not, used or not.
        Assert.Equal((4, 1), Stage.After($"{Design}:step=5", Steps).Walk('A', 5));
    }

    /// <summary>A copy in the middle divides the reference to the file; copies of all of it end it.</summary>
    [Fact]
    public void CopiesTakeTheFileAway()
    {
        Stage stage = Stage.After(Design, "file A 4 6 rw f 0; read A 4");
        Assert.Equal((0, 0, 1), Counts(stage));
        stage.Do("write A 6 1");
        Assert.Equal((1, 1, 2), Counts(stage));
        stage.Do("write A 4 1; write A 5 1; write A 7 1; write A 8 1; write A 9 1");
        Assert.Equal((1, 1, 0), Counts(stage));
    }

    /// <summary>What is discarded or truncated away follows the file again, from the next access on.</summary>
    [Theory]
    [InlineData("advise A 4 3 dontneed; read A 4")]
    [InlineData("truncate f 0; truncate f 24576; read A 4; read A 5; read A 6")]
    public void WithoutACopyTheFileIsFollowed(string steps)
    {
        Stage stage = Stage.After(Design, "file A 4 3 rw f 0; write A 4 1; write A 5 1; write A 6 1");
        Assert.Equal((1, 1, 0), Counts(stage));
        stage.Do(steps);
        Assert.Equal((0, 0, 1), Counts(stage));
        Assert.Equal((1, 1), stage.Walk('A', 4));
    }

    /// <summary>Of a private file mapping fork clones the copies; the child looks at the file when it does.</summary>
    [Fact]
    public void ForkClonesCopies()
    {
        Stage stage = Stage.After(Design, "file A 4 6 rw f 0; read A 4; write A 5 1; fork A B");
        Assert.Equal((1, 2, 2), Counts(stage));
        Assert.Equal((1, 1), stage.Walk('A', 4));
        Assert.Equal((2, 1), stage.Walk('A', 5));
        stage.Do("read B 4");
        Assert.Equal((1, 2, 3), Counts(stage));
        Assert.Equal((2, 2), stage.Walk('A', 4));
    }

    /// <summary>Shared memory is a file without a name: written by one, seen by both, never copied.</summary>
    [Fact]
    public void SharedMemoryIsReferredTo()
    {
        Stage stage = Stage.After(Design, "map A 4 4 rw shared; write A 4 7; fork A B; read B 4; write B 5 8");
        Assert.Equal((0, 0, 2), Counts(stage));
        Assert.Equal((2, 2), stage.Walk('A', 4));
        Assert.Equal(8, stage.Read('A', 5));
    }

    /// <summary>References to a file move with mremap, and join where the VMAs do.</summary>
    [Fact]
    public void AMovedFileMappingIsStillTheFile()
    {
        Stage stage = Stage.After(
            Design, "file A 4 2 r- f 0; read A 4; file A 14 2 r- f 2; read A 14; remap A 14 2 2 maymove fixed 6");
        Assert.Equal((1, (0, 0, 2)), (stage.VmaCount('A'), Counts(stage)));
        Assert.Equal((1, 1), stage.Walk('A', 6));
        stage.Do("protect A 6 1 -; protect A 6 1 r-");
        Assert.Equal((1, (0, 0, 1)), (stage.VmaCount('A'), Counts(stage)));
    }

    private static (long Extents, long References, long ToFiles) Counts(Stage stage) =>
        (Figure(stage, "extents"), Figure(stage, "references to extents"), Figure(stage, "references to files"));

    private static long Figure(Stage stage, string name) =>
        stage.Machine.Figures.Single(figure => figure.Name == name).Value;
}
