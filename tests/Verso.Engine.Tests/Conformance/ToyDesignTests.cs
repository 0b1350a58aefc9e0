using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// What a new design costs: one file (<see cref="ToyDesign"/>) and one line (in <see cref="DesignCases"/>).
/// </summary>
public sealed class ToyDesignTests
{
    /// <summary>The engine does not know the toy, and every theory over designs runs it.</summary>
    [Fact]
    public void OneLineGetsTheWholeSuite()
    {
        Assert.Null(Catalogue.Find(ToyDesign.Entry.Facts.Name));
        string toy = ToyDesign.Entry.Facts.Name;
        Assert.Equal(DesignCases.IsChosen(toy), DesignCases.All.Any(row => row.Data == toy));
        Assert.Contains(ToyDesign.Entry, DesignCases.Designs);
    }

    /// <summary>It is a reverse map: walks visit what is mapped, and nothing else.</summary>
    [Fact]
    public void WalksAreExact()
    {
        Stage stage = Stage.After("toy", "map A 2 2 rw; write A 2 1; write A 3 1; fork A B; fork B C; write C 3 2");
        Assert.Equal((3, 3), stage.Walk('B', 2));
        Assert.Equal((2, 2), stage.Walk('A', 3));
        Assert.Equal((1, 1), stage.Walk('C', 3));
    }
}
