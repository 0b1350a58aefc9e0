using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVma;

/// <summary>The page hooks of <see cref="AnonVmaMap"/>.</summary>
public readonly struct AnonVmaPages(AnonVmaMap map) : IAdoptingHooks<AnonVmaPages>, IMovingHooks<AnonVmaPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Frames.Frame page = ref map.World.Frames[frame];
        page.Index = map.World.Vmas[vma].AnonPgoffAt(address);
        if (map.Direct is not null)
        {
            map.Direct.Add(ref page, vma);
            return;
        }

        page.Mapping = map.AnonVmas[vma];
        Invariant.Require(page.Mapping != 0);
    }

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) => map.Moved(from, to, source);

    /// <inheritdoc/>
    /// <remarks>
    /// A page is only ever mapped in VMAs of its own anon_vma, so there is none to move it to; and one that was shared
    /// does not become direct again.
    /// </remarks>
    public void Adopt(Pfn frame, VmaId vma, ulong address) =>
        Invariant.Require(map.Belongs(map.World.Frames[frame], vma));

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        if (map.Files is not null && !map.World.Frames[walk.Frame].IsAnonymous)
        {
            map.Files.Walk(walk, ref visitor);
        }
        else if (DirectPages.IsDirect(walk.Key))
        {
            map.Direct!.Walk(walk, ref visitor);
        }
        else
        {
            map.AnonVmas.Walk(walk, ref visitor);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A page that others may share is the anon_vma's; fork saw to it that there is one.</remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
        Instantiate(frame, vma, address);
        if (sharing == PageSharing.Shared)
        {
            int anonVma = map.AnonVmas[vma];
            Invariant.Require(anonVma != 0);
            map.World.Frames[frame].Mapping = anonVma;
        }
    }
}
