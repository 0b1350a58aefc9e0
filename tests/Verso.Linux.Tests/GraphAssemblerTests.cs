using System.Runtime.InteropServices;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>Records of the kernel's iterator as no quiet kernel gives them.</summary>
public sealed class GraphAssemblerTests
{
    private const int Pid = 7;
    private const ulong Mm = 0xffff_8880_0000_1000;
    private const ulong Mine = 0xffff_8880_0000_2000;
    private const ulong Elders = 0xffff_8880_0000_3000;

    private readonly GraphAssembler _assembler = new();

    /// <summary>
    /// A fault prepares a VMA under the read lock, the pointer first and the chain then: in between the two disagree,
    /// and the lock's number says nothing of it.
    /// </summary>
    [Theory]
    [InlineData(GraphReading.Whole, 0UL)]
    [InlineData(GraphReading.Whole, Mine, Mine)]
    [InlineData(GraphReading.Whole, Mine, Mine, Elders)]
    [InlineData(GraphReading.Whole, Elders, Mine, Elders)]
    [InlineData(GraphReading.Changed, Mine)]
    [InlineData(GraphReading.Changed, Mine, Elders)]
    [InlineData(GraphReading.Changed, 0UL, Mine)]
    public void AVmaIsWholeWithItsAnonVmaInItsChain(GraphReading reading, ulong anonVma, params ulong[] chain)
    {
        Begin(1);
        AddVma(0x1000, anonVma, chain);
        Assert.Equal(reading, Assert.Single(_assembler.Drafts.ToArray()).Finish().Reading);
    }

    /// <summary>The same of a chain that comes in rounds: only all of it has to name the anon_vma.</summary>
    [Theory]
    [InlineData(GraphReading.Whole, Mine)]
    [InlineData(GraphReading.Changed, Elders)]
    public void AChainThatComesInRoundsIsJudgedAtItsEnd(GraphReading reading, ulong last)
    {
        Begin(1);
        AddVma(0x1000, Mine, [Elders]);
        AddHead(GraphKind.More);
        Assert.True(_assembler.IsUnfinished);
        _assembler.Continue(1);
        AddMm(1);
        AddVma(0x1000, Mine, [last]);
        Assert.False(_assembler.IsUnfinished);
        var read = Assert.Single(_assembler.Drafts.ToArray()).Finish();
        Assert.Equal(reading, read.Reading);
        Assert.Equal([Elders, last], Assert.Single(read.Image.Vmas).Chain);
    }

    /// <summary>Every anon_vma has a root and a parent from its birth: without one it was freed meanwhile.</summary>
    [Theory]
    [InlineData(0UL, Mine, Mine)]
    [InlineData(Mine, 0UL, Mine)]
    [InlineData(Mine, Mine, 0UL)]
    public void AnAnonVmaWithoutRootIsNone(ulong anonVma, ulong root, ulong parent)
    {
        Begin(2);
        AddVma(0x1000, Elders, [Elders]);
        AddVma(0x3000, Mine, [Mine]);
        Add(Link(anonVma) with { Root = root, Parent = parent });
        var read = Assert.Single(_assembler.Drafts.ToArray()).Finish();
        Assert.Equal(GraphReading.Changed, read.Reading);
        Assert.All(read.Image.AnonVmas, node => Assert.True(node.Id != 0 && node.Root != 0 && node.Parent != 0));
    }

    private static ulong Head<T>(GraphKind kind, uint upper = 0) =>
        (ulong)kind | ((ulong)Marshal.SizeOf<T>() / sizeof(ulong)) << 8 | (ulong)upper << 32;

    private static GraphLink Link(ulong anonVma) => new()
    {
        Head = Head<GraphLink>(GraphKind.Link, 1),
        AnonVma = anonVma,
        Root = anonVma,
        Parent = anonVma,
        ChildCount = 1,
        ActiveVmaCount = 1,
    };

    private void Begin(uint vmas)
    {
        _assembler.Begin();
        AddMm(vmas);
    }

    private void AddMm(uint vmas) =>
        Add(new GraphMm { Head = Head<GraphMm>(GraphKind.Mm, Pid), Mm = Mm, StartTime = 1, MapCount = vmas });

    private void AddVma(ulong start, ulong anonVma, ulong[] chain)
    {
        Add(new GraphVma
        {
            Head = Head<GraphVma>(GraphKind.Vma),
            Start = start,
            End = start + 0x1000,
            AnonVma = anonVma,
            AnonPgoff = ulong.MaxValue,
        });
        foreach (var link in chain)
        {
            Add(Link(link));
        }
    }

    private void AddHead(GraphKind kind) => Add((ulong)kind | 1UL << 8);

    private void Add<T>(in T record)
        where T : unmanaged => _assembler.Add(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)));
}
