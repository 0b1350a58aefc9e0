using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;
using Verso.Linux;
using Verso.Linux.Graph;
using Verso.Linux.Puppets;

namespace Verso.Lab.LockStep;

/// <summary>One address space of the kernel stage: who lives in it, and how it is looked at.</summary>
internal sealed class Actor : IDisposable
{
    private readonly GraphTarget _target;
    private readonly PageTarget _table;
    private readonly ProcessMemory _memory;
    private readonly ulong _filling;
    private MmImage? _seen;
    private MmImage? _shown;

    /// <param name="puppet">Who lives in it.</param>
    /// <param name="filling">VMAs that fill it and are not shown, a page each; 0: none.</param>
    /// <param name="graph">Reads its VMAs.</param>
    /// <param name="pages">Reads its pages.</param>
    public Actor(Puppet puppet, int filling, GraphReader graph, PageReader pages)
    {
        Puppet = puppet;
        _filling = (ulong)filling;
        _memory = new ProcessMemory(puppet.Pid);
        _target = graph.Watch(puppet.Pid);
        _target.Hidden = filling == 0 ? default : (Filler.Start, Filler.Start + (_filling * Page.Size));
        _table = pages.Watch(puppet.Pid) ?? throw new KernelStageException($"{puppet} is gone");
    }

    /// <summary>The process that acts.</summary>
    public Puppet Puppet { get; }

    /// <summary>The limits that it was given, without what the puppet itself needs.</summary>
    public MmLimits Limits { get; set; } = MmLimits.Unlimited;

    /// <summary>Others that share its address space (CLONE_VM), the last one on top.</summary>
    public Stack<Puppet> Sharers { get; } = new();

    /// <summary>Descriptors of its userfaultfds, by the word that names them.</summary>
    public Dictionary<OpWords, ulong> Userfaults { get; } = [];

    /// <summary>The process has executed the image anew: what is closed by that is closed.</summary>
    public void Renew()
    {
        Userfaults.Clear();
        _memory.Reopen();
        _ = _table.Reopen();
    }

    /// <summary>Its VMAs and their graph, without the one that holds the puppet itself.</summary>
    public MmImage Capture(GraphReader graph)
    {
        MmImage image = graph.Read(_target) ?? throw new KernelStageException($"{Puppet} is gone");
        if (!ReferenceEquals(image, _seen) || _shown is null)
        {
            _seen = image;
            VmaImage[] shown = [.. image.Vmas.Where(vma => vma.Start >= Puppet.ImageEnd)];
            IEnumerable<VmaImage> own = image.Vmas.Take(image.Vmas.Count - shown.Length);
            _shown = image with
            {
                Vmas = shown,
                TotalPages = image.TotalPages - Pages(own) - _filling,
                LockedPages = image.LockedPages - Pages(own.Where(vma => (vma.Flags & VmaFlags.Locked) != 0)),
            };
        }

        return _shown;
    }

    /// <summary>Pages from this byte address on; bytes of anonymous ones at an offset in their page.</summary>
    public void ReadPages(PageReader reader, ulong start, int byteInPage, Span<PageCell> cells)
    {
        Span<KernelPage> pages = stackalloc KernelPage[cells.Length];
        Span<ulong> addresses = stackalloc ulong[cells.Length];
        Span<byte> bytes = stackalloc byte[cells.Length];
        if (!reader.Read(_table, start, pages))
        {
            throw new KernelStageException($"{Puppet} is gone");
        }

        int present = 0;
        for (int at = 0; at < pages.Length; at++)
        {
            if (pages[at].IsAnonymous)
            {
                addresses[present++] = start + ((ulong)at * Page.Size) + (ulong)byteInPage;
            }
        }

        _memory.Read(addresses[..present], bytes);
        int next = 0;
        for (int at = 0; at < pages.Length; at++)
        {
            KernelPage page = pages[at];
            bool isOfFile = page.Presence == PagePresence.Present && !page.IsAnonymous;
            byte value = page.IsAnonymous ? bytes[next++] : (byte)0;
            cells[at] = isOfFile ? default : new PageCell(page.Presence, page.MapCount, page.IsExclusive, value);
        }
    }

    private static ulong Pages(IEnumerable<VmaImage> vmas) =>
        vmas.Aggregate(0UL, (sum, vma) => sum + ((vma.End - vma.Start) >> Page.Shift));

    public void Dispose()
    {
        _target.Dispose();
        _table.Dispose();
        _memory.Dispose();
        while (Sharers.TryPop(out Puppet? sharer))
        {
            _ = sharer.Exit();
        }

        _ = Puppet.Exit();
    }
}
