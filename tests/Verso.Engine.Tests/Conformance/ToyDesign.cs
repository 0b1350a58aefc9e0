using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// A whole design in one file: each frame has a list of the places that map it. With its line in
/// <see cref="DesignCases"/> every test that runs over designs judges it too; nothing else knows of it.
/// </summary>
/// <remarks>
/// As pte-chain, but by address and not by entry: so moves must be followed even where a table moves whole.
/// </remarks>
internal sealed class ToyDesign : ReverseMap
{
    private readonly Dictionary<Pfn, List<(MmId Mm, ulong Address)>> _places = [];

    public static Catalogue.Entry Entry { get; } = new(
        new DesignFacts("toy", "Each frame lists the places that map it", "this file", PageOwner.PageTable),
        options => Machine.With(options, new Pages(new ToyDesign())));

    public override DesignFacts Facts => Entry.Facts;

    /// <summary>No list is longer or shorter than its frame is mapped, and none is left behind.</summary>
    public override string? Audit()
    {
        foreach ((Pfn frame, List<(MmId Mm, ulong Address)> places) in _places)
        {
            if (!World.Frames.IsLive(frame) || World.Frames[frame].MapCount != places.Count)
            {
                return $"{frame}: {places.Count} places";
            }
        }

        return null;
    }

    private IEnumerable<(Pfn Frame, int Slot)> Anonymous(PteRange range)
    {
        for (int slot = range.First; slot < range.First + range.Count; slot++)
        {
            ulong pte = World.PageTables.Entry(range.Table, slot);
            if (Pte.HasFrame(pte) && World.Frames[Pte.Frame(pte)].IsAnonymous)
            {
                yield return (Pte.Frame(pte), slot);
            }
        }
    }

    private void Add(VmaId vma, PteRange range)
    {
        foreach ((Pfn frame, int slot) in Anonymous(range))
        {
            _places.TryAdd(frame, []);
            _places[frame].Add((World.Vmas[vma].Mm, range.AddressOf(slot)));
        }
    }

    private void Remove(VmaId vma, PteRange range)
    {
        foreach ((Pfn frame, int slot) in Anonymous(range))
        {
            Invariant.Require(_places[frame].Remove((World.Vmas[vma].Mm, range.AddressOf(slot))));
            if (_places[frame].Count == 0)
            {
                _places.Remove(frame);
            }
        }
    }

    private void Move(VmaId vma, PteRange source, PteRange target)
    {
        foreach ((Pfn frame, int slot) in Anonymous(source))
        {
            List<(MmId Mm, ulong Address)> places = _places[frame];
            MmId mm = World.Vmas[vma].Mm;
            places[places.IndexOf((mm, source.AddressOf(slot)))] =
                (mm, target.AddressOf(target.First + slot - source.First));
        }
    }

    private readonly struct Pages(ToyDesign toy) : IEntryHooks<Pages>, IReleasingHooks<Pages>, IReplacingHooks<Pages>
    {
        public ReverseMap Design => toy;

        public void Mapped(VmaId vma, in PteRange range) => toy.Add(vma, range);

        public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason) => toy.Remove(vma, range);

        public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target)
        {
            toy.Add(child, target);
            return Errno.None;
        }

        public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) =>
            toy.Move(to, source, target);

        public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
            where TVisitor : struct, IWalkVisitor
        {
            for (ulong page = walk.First; page <= walk.Last; page++)
            {
                foreach ((MmId mm, ulong address) in toy._places[walk.FrameAt(page)])
                {
                    if (visitor.Visit(new WalkCandidate(mm, address, page)) == WalkStep.Stop)
                    {
                        return;
                    }
                }
            }
        }

        public void Release(Pfn frame) => Invariant.Require(!toy._places.ContainsKey(frame));

        public void Replace(Pfn old, Pfn fresh)
        {
            if (toy._places.Remove(old, out List<(MmId Mm, ulong Address)>? places))
            {
                toy._places.Add(fresh, places);
            }
        }
    }
}
