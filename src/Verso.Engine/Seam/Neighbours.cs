using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>Whose anon_vma a VMA may share, so that the two can merge later (find_mergeable_anon_vma).</summary>
internal static class Neighbours
{
    /// <summary>
    /// The VMAs that touch this one and could be one VMA with it but for their access; none where there is none such.
    /// The next is to be asked first. The VMA itself need not be in its address space yet.
    /// </summary>
    public static (VmaId Next, VmaId Previous) Of(World world, VmaId vma)
    {
        VmaTree tree = world.Mms[world.Vmas[vma].Mm].Vmas;
        ulong start = world.Vmas[vma].Start;
        (VmaId previous, VmaId next) = tree.Around(start);
        previous = previous == vma ? tree.Beside(start).Prev : previous;
        return (
            !next.IsNone && AreAlike(world, vma, next) ? next : default,
            !previous.IsNone && AreAlike(world, previous, vma) ? previous : default);
    }

    /// <summary>anon_vma_compatible: mprotect may make one VMA of them.</summary>
    private static bool AreAlike(World world, VmaId left, VmaId right)
    {
        ref Vma a = ref world.Vmas[left];
        ref Vma b = ref world.Vmas[right];
        VmaFlags ignored = VmaFlags.Access | VmaFlags.SoftDirty;
        if (world.Rules.StickyGuardFlag)
        {
            ignored |= VmaFlags.MaybeGuard;
        }

        return a.End == b.Start
            && a.Policy == b.Policy
            && a.File == b.File
            && ((a.Flags ^ b.Flags) & ~ignored) == 0
            && b.Pgoff == a.PgoffAt(b.Start)
            && b.AnonPgoff == a.AnonPgoffAt(b.Start);
    }
}
