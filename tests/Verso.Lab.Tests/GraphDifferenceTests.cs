using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.LockStep;

namespace Verso.Lab.Tests;

/// <summary>Graphs made by hand: a process A, its child B and B's child C, two families of anon_vmas.</summary>
public sealed class GraphDifferenceTests
{
    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;

    private static readonly string[] s_letters = ["A", "B", "C"];

    /// <summary>Changes of the engine's <see cref="Family"/>, and what is said of them.</summary>
    public static TheoryData<string, string> Mutations => new()
    {
        { "remove A 0", "A 1000-3000: only in the kernel" },
        { "remove C 2", "C 8000-9000: only in the kernel" },
        { "add B 4000", "B 4000-5000: only in the engine" },
        { "end A 1", "A 5000-6000: ends at 6000 in the engine, 7000 in the kernel" },
        { "flags B 0 10", "B 1000-3000: only the engine has the flags MayRead" },
        { "flags B 0 3", "B 1000-3000: only the kernel has the flags Read, Write" },
        { "flags B 0 1", "B 1000-3000: only the kernel has the flags Read" },
        { "pgoff C 1", "C 5000-7000: page offset is 6 in the engine, 5 in the kernel" },
        { "file A 2 0", "A 8000-9000: file is none in the engine, file101 in the kernel" },
        { "file A 0 1", "A 1000-3000: file is file1 in the engine, none in the kernel" },
        { "file B 2 2", "B 8000-9000: file is file2 in the engine, file101 in the kernel" },
        { "anon A 0 0", "A 1000-3000: anon_vma is none in the engine, a new one in the kernel" },
        { "anon B 0 1", "B 1000-3000: anon_vma is #1 in the engine, a new one in the kernel" },
        { "anon B 2 4", "B 8000-9000: anon_vma is #4 in the engine, none in the kernel" },
        { "chain B 0 1", "B 1000-3000: entry 0 of the chain is #1 in the engine, #3 in the kernel" },
        { "chain B 0 3", "B 1000-3000: entries of the chain: 1 in the engine, 2 in the kernel" },
        { "chain B 0 3 1 2", "B 1000-3000: entries of the chain: 3 in the engine, 2 in the kernel" },
        { "chain B 0 1 3", "B 1000-3000: entry 0 of the chain is #1 in the engine, #3 in the kernel" },
        { "chain C 1 6 3 2", "C 5000-7000: entry 1 of the chain is #3 in the engine, #4 in the kernel" },
        { "root 3 2", "anon_vma #3 (the anon_vma of B 1000-3000): root is #2 in the engine, #1 in the kernel" },
        { "parent 5 1", "anon_vma #5 (the anon_vma of C 1000-3000): parent is #1 in the engine, #3 in the kernel" },
        {
            "children 2 1",
            "anon_vma #2 (the anon_vma of A 5000-7000): num_children is 1 in the engine, 2 in the kernel"
        },
        {
            "active 4 0",
            "anon_vma #4 (the anon_vma of B 5000-7000): num_active_vmas is 0 in the engine, 1 in the kernel"
        },
        { "refcount 6 9", "anon_vma #6 (the anon_vma of C 5000-7000): refcount is 9 in the engine, 1 in the kernel" },
    };

    [Fact]
    public void NamesDoNotMatter() => Assert.Null(new GraphDifference().Find(Pairs(Family(), Renamed(Family()))));

    [Theory]
    [MemberData(nameof(Mutations))]
    public void EveryMutationIsTold(string mutation, string expected)
    {
        MmImage[] engine = Family();
        Mutate(engine, mutation);
        Assert.Equal(expected, new GraphDifference().Find(Pairs(engine, Renamed(Family()))));
    }

    [Theory]
    [MemberData(nameof(Mutations))]
    public void AndInTheOtherDirection(string mutation, string told)
    {
        MmImage[] kernel = Family();
        Mutate(kernel, mutation);
        string? difference = new GraphDifference().Find(Pairs(Renamed(Family()), kernel));
        Assert.NotNull(difference);
        Assert.NotEqual(told, difference);
    }

    [Fact]
    public void OneBijectionHoldsForAllAddressSpaces()
    {
        // Each address space alone is isomorphic; together they are not: C's entry for B's anon_vma is another one.
        MmImage[] engine = Family();
        MmImage[] kernel = Renamed(Family());
        kernel[2] = Renamed([engine[2]], 3000)[0];
        GraphDifference difference = new();
        for (int at = 0; at < 3; at++)
        {
            Assert.Null(difference.Find(engine[at], kernel[at]));
        }

        Assert.Equal(
            "C 1000-3000: entry 1 of the chain is #3 in the engine, a new one in the kernel",
            difference.Find(Pairs(engine, kernel)));
    }

    [Fact]
    public void AMissingAddressSpaceIsTold()
    {
        MmImage[] family = Family();
        SpacePair[] pairs = Pairs(family, family);
        pairs[1] = pairs[1] with { Kernel = null };
        Assert.Equal("B: only the engine has this address space", new GraphDifference().Find(pairs));
        pairs[1] = pairs[1] with { Engine = null };
        Assert.Null(new GraphDifference().Find(pairs));
    }

    [Fact]
    public void ReferenceCountsOfOneSideAreIgnored()
    {
        MmImage[] engine = Family();
        MmImage[] kernel = Renamed(Family());
        for (int at = 0; at < 3; at++)
        {
            engine[at] = engine[at] with
            {
                AnonVmas = [.. engine[at].AnonVmas.Select(node => node with { RefCount = null })],
            };
        }

        Assert.Null(new GraphDifference().Find(Pairs(engine, kernel)));
    }

    [Fact]
    public void OnlyWhatIsInScopeCounts()
    {
        MmImage[] engine = Family();
        Mutate(engine, "flags A 2 9");
        Mutate(engine, "add A a000");
        GraphScope scope = new() { To = 0x8000, Address = address => $"{address >> 12}" };
        Assert.Null(new GraphDifference(scope).Find(Pairs(engine, Renamed(Family()))));
        Mutate(engine, "pgoff B 0");
        Assert.Equal(
            "B 1-3: page offset is 2 in the engine, 1 in the kernel",
            new GraphDifference(scope).Find(Pairs(engine, Renamed(Family()))));
        Mutate(engine, "flags A 0 8");
        scope = scope with { Flags = VmaFlags.Shared };
        Assert.StartsWith("A 1-3: only the engine has the flags Shared", new GraphDifference(scope).Find(
            Pairs(engine, Renamed(Family()))));
    }

    [Fact]
    public void NodesThatOneSideDoesNotListAreNotADifference()
    {
        // The engine lists roots and parents that no chain names, a kernel's reader only chains.
        MmImage[] engine = [Image(Vma(1, 2, 1, [1]), [Node(1, 9, 9), Node(9, 9, 9)])];
        MmImage[] kernel = [Image(Vma(1, 2, 7, [7]), [Node(7, 8, 8)])];
        Assert.Null(new GraphDifference().Find(engine[0], kernel[0]));
    }

    [Fact]
    public void ComparingEqualsAllocatesNothing()
    {
        SpacePair[] pairs = Pairs(Family(), Renamed(Family()));
        GraphDifference difference = new();
        Assert.Null(difference.Find(pairs));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(difference.Find(pairs) is null);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static SpacePair[] Pairs(MmImage[] engine, MmImage[] kernel) =>
        [.. engine.Zip(kernel, (ours, theirs) => (ours, theirs)).Select(
            (pair, at) => new SpacePair(s_letters[at][0], pair.ours, pair.theirs))];

    /// <summary>
    /// <code>
    ///      1000-3000        5000-7000        8000-9000 (file)
    ///   A  1 [1]            2 [2]
    ///   B  3 [3 1]          4 [4 2]
    ///   C  5 [5 3 1]        6 [6 4 2]
    /// </code>
    /// </summary>
    private static MmImage[] Family()
    {
        AnonVmaImage[] nodes =
        [
            Node(1, 1, 1) with { ChildCount = 2, RefCount = 3 }, Node(2, 2, 2) with { ChildCount = 2, RefCount = 3 },
            Node(3, 1, 1) with { ChildCount = 1 }, Node(4, 2, 2) with { ChildCount = 1 }, Node(5, 1, 3), Node(6, 2, 4),
        ];
        VmaImage file = new(0x8000, 0x9000, ReadWrite, 0, new FileId(1), 0, []);
        return
        [
            new MmImage { Vmas = [Vma(1, 3, 1, [1]), Vma(5, 7, 2, [2]), file], AnonVmas = nodes[..2] },
            new MmImage { Vmas = [Vma(1, 3, 3, [3, 1]), Vma(5, 7, 4, [4, 2]), file], AnonVmas = nodes[..4] },
            new MmImage { Vmas = [Vma(1, 3, 5, [5, 3, 1]), Vma(5, 7, 6, [6, 4, 2]), file], AnonVmas = nodes },
        ];
    }

    private static MmImage[] Renamed(MmImage[] images, ulong by = 100)
    {
        ulong Name(ulong id) => id == 0 ? 0 : by + (id * 7 % 11);
        return [.. images.Select(image => new MmImage
        {
            Vmas = [.. image.Vmas.Select(vma => vma with
            {
                AnonVma = Name(vma.AnonVma),
                Chain = [.. vma.Chain.Select(Name)],
                File = vma.File.IsNone ? default : new FileId(vma.File.Value + 100),
            })],
            AnonVmas = [.. image.AnonVmas.Reverse().Select(node => node with
            {
                Id = Name(node.Id), Root = Name(node.Root), Parent = Name(node.Parent),
            })],
        })];
    }

    private static void Mutate(MmImage[] images, string mutation)
    {
        string[] words = mutation.Split(' ');
        ulong[] numbers = [.. words.Skip(2).Select(word => Convert.ToUInt64(word, 16))];
        if (words[0] is "root" or "parent" or "children" or "active" or "refcount")
        {
            ulong id = Convert.ToUInt64(words[1], 16);
            for (int at = 0; at < images.Length; at++)
            {
                images[at] = images[at] with
                {
                    AnonVmas = [.. images[at].AnonVmas.Select(
                        node => node.Id == id ? Mutated(node, words[0], numbers[0]) : node)],
                };
            }

            return;
        }

        int space = Array.IndexOf(s_letters, words[1]);
        List<VmaImage> vmas = [.. images[space].Vmas];
        int vma = (int)numbers[0];
        switch (words[0])
        {
            case "remove":
                vmas.RemoveAt(vma);
                break;
            case "add":
                vmas.Add(new VmaImage(numbers[0], numbers[0] + 0x1000, ReadWrite, 0, default, 0, []));
                vmas.Sort((one, other) => one.Start.CompareTo(other.Start));
                break;
            case "end":
                vmas[vma] = vmas[vma] with { End = vmas[vma].End - 0x1000 };
                break;
            case "flags":
                vmas[vma] = vmas[vma] with { Flags = vmas[vma].Flags ^ (VmaFlags)numbers[1] };
                break;
            case "pgoff":
                vmas[vma] = vmas[vma] with { Pgoff = vmas[vma].Pgoff + 1 };
                break;
            case "file":
                vmas[vma] = vmas[vma] with { File = new FileId((int)numbers[1]) };
                break;
            case "anon":
                vmas[vma] = vmas[vma] with { AnonVma = numbers[1] };
                break;
            case "chain":
                vmas[vma] = vmas[vma] with { Chain = numbers[1..] };
                break;
            default:
                Assert.Fail(mutation);
                break;
        }

        images[space] = images[space] with { Vmas = vmas };
    }

    private static AnonVmaImage Mutated(AnonVmaImage node, string what, ulong value) => what switch
    {
        "root" => node with { Root = value },
        "parent" => node with { Parent = value },
        "children" => node with { ChildCount = (long)value },
        "active" => node with { ActiveVmaCount = (long)value },
        _ => node with { RefCount = (int)value },
    };

    private static MmImage Image(VmaImage vma, AnonVmaImage[] nodes) => new() { Vmas = [vma], AnonVmas = nodes };

    private static VmaImage Vma(ulong start, ulong end, ulong anonVma, ulong[] chain) =>
        new(start << 12, end << 12, ReadWrite, start, default, anonVma, chain);

    private static AnonVmaImage Node(ulong id, ulong root, ulong parent) =>
        new(id, root, parent, 0, 1) { RefCount = 1 };
}
