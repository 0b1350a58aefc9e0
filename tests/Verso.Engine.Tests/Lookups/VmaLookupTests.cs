using Verso.Engine.Lookups;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Lookups;

/// <summary>Lists and trees of VMAs find exactly what covers a page, whatever came and went before.</summary>
/// <remarks>
/// Strategy: VMAs are added and removed at random, their page offsets in few and in many bits so that they overlap
/// much and little; a search of all VMAs says what must be found.
/// </remarks>
public sealed class VmaLookupTests
{
    public enum Kind
    {
        List = 0,
        PrioTree = 1,
        IntervalTree = 2,
    }

    /// <summary>
    /// How far apart page offsets are: few bits make equal ones likely, many make a tree grow taller.
    /// </summary>
    [Theory]
    [InlineData(Kind.List, 4)]
    [InlineData(Kind.PrioTree, 3)]
    [InlineData(Kind.PrioTree, 6)]
    [InlineData(Kind.PrioTree, 20)]
    [InlineData(Kind.PrioTree, 48)]
    [InlineData(Kind.IntervalTree, 3)]
    [InlineData(Kind.IntervalTree, 20)]
    public void FindsWhatCoversThePage(Kind kind, int bits)
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            World world = new(new MachineOptions());
            VmaLookup lookup = Make(kind, world);
            SplitMix64 random = new(seed);
            LookupRoot root = default;
            List<VmaId> present = [];
            for (int step = 0; step < 150; step++)
            {
                if (present.Count > 0 && random.Below(5) < 2)
                {
                    int at = random.Below(present.Count);
                    lookup.Remove(ref root, present[at]);
                    world.Vmas.Free(present[at]);
                    present.RemoveAt(at);
                }
                else
                {
                    VmaId vma = world.Vmas.Allocate(RandomVma(random, bits));
                    lookup.Add(ref root, vma);
                    present.Add(vma);
                }

                Check(world, lookup, root, present, random, $"{kind}, {bits} bits, seed {seed}, step {step}");
            }

            present.ForEach(vma => lookup.Remove(ref root, vma));
            Assert.Equal(default, root);
        }
    }

    /// <summary>A visitor that stops is not offered more, whatever is left.</summary>
    [Theory]
    [InlineData(Kind.List)]
    [InlineData(Kind.PrioTree)]
    [InlineData(Kind.IntervalTree)]
    public void AWalkStopsWhenTold(Kind kind)
    {
        World world = new(new MachineOptions());
        VmaLookup lookup = Make(kind, world);
        LookupRoot root = default;
        for (int i = 0; i < 10; i++)
        {
            lookup.Add(ref root, world.Vmas.Allocate(MakeVma(100, 5)));
        }

        Collector visitor = new(world, [], StopAfter: 3);
        Assert.Equal(3, lookup.Walk(root, At(102), ref visitor));
        Assert.Equal(3, visitor.Found.Count);
    }

    private static VmaLookup Make(Kind kind, World world) => kind switch
    {
        Kind.List => new VmaList(world),
        Kind.PrioTree => new VmaPrioTree(world),
        _ => new VmaIntervalTree(world),
    };

    private static Vma RandomVma(SplitMix64 random, int bits)
    {
        int few = random.Below(bits) + 1;
        ulong first = random.Next() >> (64 - few);
        return MakeVma(first, (random.Next() >> (64 - Math.Min(few, 20))) + 1);
    }

    /// <summary>Its address tells the page offset: the address of page p is p pages above that of page 0.</summary>
    private static Vma MakeVma(ulong first, ulong pages) => new()
    {
        Mm = new MmId(1),
        AnonPgoff = first,
        Start = first << Page.Shift,
        End = (first + pages) << Page.Shift,
    };

    private static void Check(
        World world, VmaLookup lookup, LookupRoot root, List<VmaId> present, SplitMix64 random, string where)
    {
        List<VmaId> members = [];
        Assert.True(lookup.Audit(root, members) is null, $"{where}: {lookup.Audit(root, [])}");
        Assert.Equal(present.Select(vma => vma.Value).Order(), members.Select(vma => vma.Value).Order());
        for (int probe = 0; probe < 3 && present.Count > 0; probe++)
        {
            // At and around the ends, where mistakes are.
            ref Vma near = ref world.Vmas[present[random.Below(present.Count)]];
            ulong pgoff = (probe == 0 ? near.AnonPgoff : near.AnonPgoff + near.Pages) - (ulong)random.Below(2);
            Collector visitor = new(world, []);
            RmapWalk walk = At(pgoff, random.Below(2) == 0 || pgoff == ulong.MaxValue ? 1 : 1 + random.Below(600));
            long told = lookup.Walk(root, walk, ref visitor);
            int covering = present.Count(vma => Covers(world.Vmas[vma], walk));
            Assert.True(covering == visitor.Found.Count, $"{where}: {visitor.Found.Count} of {covering} at {walk}");
            Assert.All(visitor.Found, place => Assert.Equal(place.Index << Page.Shift, place.Address));
            Assert.All(visitor.Found, place => Assert.InRange(place.Index, walk.First, walk.Last + 1 - (ulong)place.Pages));
            Assert.Equal(told, visitor.Found.Count + visitor.Dismissed);
            Assert.Equal(lookup.IsSorted ? covering : present.Count, told);
        }
    }

    private static RmapWalk At(ulong pgoff, int pages = 1) => new(new Pfn(1), 1, pgoff, pages, WalkPurpose.Verify);

    private static bool Covers(in Vma vma, in RmapWalk walk) =>
        vma.AnonPgoff <= walk.Last && walk.First <= vma.AnonPgoff + vma.Pages - 1;

    private record struct Collector(World World, List<WalkCandidate> Found, int StopAfter = int.MaxValue) : IWalkVisitor
    {
        public int Dismissed { get; private set; }

        public readonly WalkStep Visit(in WalkCandidate candidate)
        {
            Found.Add(candidate);
            return Found.Count == StopAfter ? WalkStep.Stop : WalkStep.Continue;
        }

        public void Dismiss(int count) => Dismissed += count;
    }
}
