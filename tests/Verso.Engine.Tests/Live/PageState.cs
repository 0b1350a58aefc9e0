using Verso.Linux.Graph;

namespace Verso.Engine.Tests.Live;

/// <summary>What one page of an address space holds, as far as a kernel tells root.</summary>
/// <remarks>
/// A page of a file counts as nothing: which of those are mapped depends on what happens to be cached around a fault
/// (do_fault_around).
/// </remarks>
/// <param name="Presence">What is there; Present only if it is anonymous memory.</param>
/// <param name="MapCount">How many entries map the frame, if it is present.</param>
internal readonly record struct PageState(PagePresence Presence, int MapCount)
{
    /// <summary>The pages of a process from one byte address to another.</summary>
    public static PageState[] Read(PageReader reader, int pid, ulong start, ulong end)
    {
        KernelPage[] pages = new KernelPage[(end - start) / Page.Size];
        using PageTarget? target = reader.Watch(pid);
        Assert.True(target is not null && reader.Read(target, start, pages));
        return Array.ConvertAll(pages, Of);
    }

    private static PageState Of(KernelPage page) => page.Presence == PagePresence.Present && !page.IsAnonymous
        ? default
        : new PageState(page.Presence, page.MapCount);
}
