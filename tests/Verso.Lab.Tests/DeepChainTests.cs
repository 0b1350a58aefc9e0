using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>A chain of a thousand anon_vmas, and a kernel that has it otherwise in one place far from either end.</summary>
public sealed class DeepChainTests
{
    private const int Depth = 1000;
    private const int Place = 613;
    private const ulong Base = 0x10000000;

    public enum Fault
    {
        None,
        Swapped,
        Missing,
        Doubled,
        OtherRoot,
        OtherParent,
        ChildCount,
        ActiveVmaCount,
        OwnIsAnother,
    }

    [Theory]
    [InlineData(Fault.None, DifferenceCauses.None)]
    [InlineData(Fault.Swapped, DifferenceCauses.ChainIdentity)]
    [InlineData(Fault.Missing, DifferenceCauses.ChainLength)]
    [InlineData(Fault.Doubled, DifferenceCauses.ChainIdentity)]
    [InlineData(Fault.OtherRoot, DifferenceCauses.Root)]
    [InlineData(Fault.OtherParent, DifferenceCauses.Parent)]
    [InlineData(Fault.ChildCount, DifferenceCauses.ChildCount)]
    [InlineData(Fault.ActiveVmaCount, DifferenceCauses.ActiveVmaCount)]
    [InlineData(Fault.OwnIsAnother, DifferenceCauses.ChainIdentity)]
    public void AFaultInTheMiddleIsFound(Fault fault, DifferenceCauses cause)
    {
        MmImage sound = Image();
        FidelityResult fidelity = Replay(sound, [Damage(sound, fault), sound]);
        Assert.Equal(new Agreement(4, 4), fidelity.All.Vmas);
        Assert.Equal(fault == Fault.None, fidelity.IsFull);
        Assert.Equal(new Agreement(fault == Fault.None ? 4 : 3, 4), fidelity.All.GraphVmas);
        Assert.Equal(cause, fidelity.Differences.Aggregate(DifferenceCauses.None, (all, one) => all | one.Causes) & cause);
        Assert.All(fidelity.Differences, difference => Assert.Equal(Base, difference.Start));
    }

    /// <summary>Two VMAs with a chain each: ids 1 to Depth, and as many more; the newest is each VMA's own.</summary>
    private static MmImage Image() => new()
    {
        Vmas = [Vma(0, 0), Vma(2, Depth)],
        AnonVmas = [.. Nodes(0), .. Nodes(Depth)],
    };

    private static VmaImage Vma(int page, int first)
    {
        ulong start = Base + ((ulong)page * Page.Size);
        return new VmaImage(
            start, start + Page.Size, VmaFlags.Read | VmaFlags.Write, start / Page.Size, default, (ulong)(first + Depth),
            [.. Enumerable.Range(first + 1, Depth).Reverse().Select(id => (ulong)id)]);
    }

    /// <summary>A root counts itself as a child, and every other but the newest has one.</summary>
    private static IEnumerable<AnonVmaImage> Nodes(int first) => Enumerable.Range(1, Depth).Select(at => new AnonVmaImage(
        (ulong)(first + at),
        (ulong)(first + 1),
        (ulong)(first + Math.Max(at - 1, 1)),
        at == 1 ? 2 : at == Depth ? 0 : 1,
        at == Depth ? 1 : 0));

    private static MmImage Damage(MmImage image, Fault fault)
    {
        VmaImage vma = image.Vmas[0];
        List<ulong> chain = [.. vma.Chain];
        switch (fault)
        {
            case Fault.Swapped:
                (chain[Place], chain[Place + 1]) = (chain[Place + 1], chain[Place]);
                break;
            case Fault.Missing:
                chain.RemoveAt(Place);
                break;
            case Fault.Doubled:
                chain[Place] = chain[Place + 1];
                break;
            case Fault.OwnIsAnother:
                vma = vma with { AnonVma = chain[Place] };
                break;
            default:
                break;
        }

        ulong spoilt = chain[Place];
        return image with
        {
            Vmas = [vma with { Chain = chain }, image.Vmas[1]],
            AnonVmas = [.. image.AnonVmas.Select(node => node.Id != spoilt ? node : fault switch
            {
                Fault.OtherRoot => node with { Root = spoilt },
                Fault.OtherParent => node with { Parent = spoilt },
                Fault.ChildCount => node with { ChildCount = node.ChildCount + 1 },
                Fault.ActiveVmaCount => node with { ActiveVmaCount = node.ActiveVmaCount + 1 },
                _ => node,
            })],
        };
    }

    private static FidelityResult Replay(MmImage start, IEnumerable<MmImage> checkpoints)
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.Create(path))
            using (TraceWriter writer = new(file, new TraceHeader { Source = "test", Kernel = "6.18.44", MaxMapCount = 65530 }))
            {
                writer.Write(new TraceEvent { Kind = TraceEventKind.Attach, Mm = 1, Payload = start });
                foreach (MmImage image in checkpoints)
                {
                    writer.Write(new TraceEvent { Kind = TraceEventKind.Checkpoint, Mm = 1, Arg1 = 1, Payload = image });
                }
            }

            using TraceInput input = TraceInput.Open(path);
            ReplayOptions options = new() { Design = ReferenceDesign.Choice };
            return DesignComparison.Replay(input, options, null, TestContext.Current.CancellationToken).Fidelity;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
