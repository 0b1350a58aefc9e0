using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// What a trace has told so far of every live address space and of every anon_vma. The writer and the reader of a
/// trace keep it in step, so that a checkpoint need only tell what changed.
/// </summary>
/// <remarks>
/// What a file of a few KiB tells may take GiB of memory. So large images are not kept, and both sides forget by one
/// count of what was told: first the anon_vmas that no kept chain names, and if that is not enough, all of it.
/// </remarks>
internal sealed class ImageHistory
{
    /// <summary>An image of more is not kept and always told whole.</summary>
    public const int VmasMax = 1 << 17;

    /// <summary>An image with longer chains, taken together, is not kept and always told whole.</summary>
    public const int LinksMax = 1 << 20;

    /// <summary>VMAs and entries of chains that may be kept: some 200 MiB.</summary>
    private const long KeptMax = 1 << 21;

    /// <summary>After so many of them, and anon_vmas, were told, it is looked what is to be forgotten.</summary>
    private const long ToldMax = 1 << 20;

    private readonly Dictionary<int, MmImage> _last = [];
    private Dictionary<ulong, AnonVmaImage> _told = [];
    private long _toldSince;
    private int _sweep;

    /// <summary>
    /// The last image of an address space: its chains are <see cref="SharedChain"/>s, its anon_vmas are left out. Of
    /// one that fork made and nothing was told of yet, its parent's at the fork. Null if there is none.
    /// </summary>
    public MmImage? Last(int mm) => _last.GetValueOrDefault(mm);

    /// <summary>What was told last of an anon_vma, in whatever image; null if nothing.</summary>
    public AnonVmaImage? Told(ulong anonVma) => _told.GetValueOrDefault(anonVma);

    /// <summary>Something is told of an anon_vma.</summary>
    public void Tell(AnonVmaImage node)
    {
        _told[node.Id] = node;
        _toldSince++;
    }

    /// <summary>An event has been written or read. What a change tells is told before.</summary>
    public void Note(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.Checkpoint
                when e.Payload is MmImage image:
                foreach (AnonVmaImage node in image.AnonVmas.AsSpan())
                {
                    Tell(node);
                }

                Keep(e.Mm, image);
                break;
            case TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.MmExit:
                _last.Remove(e.Mm);
                break;
            case TraceEventKind.Fork when e.Arg0 <= int.MaxValue:
                if (_last.TryGetValue(e.Mm, out MmImage? parent))
                {
                    _last[(int)e.Arg0] = parent;
                }
                else
                {
                    _last.Remove((int)e.Arg0);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>The last image of an address space, its chains shared already.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="image">The image.</param>
    /// <param name="links">Entries of chains that no image had before.</param>
    public void KeepShared(int mm, MmImage image, long links)
    {
        _last[mm] = image with { AnonVmas = [] };
        _toldSince += image.Vmas.Count + links;
        if (_toldSince > ToldMax)
        {
            Forget();
        }
    }

    private void Keep(int mm, MmImage image)
    {
        VmaImage[] vmas = image.Vmas.AsSpan().ToArray();
        long links = 0;
        foreach (VmaImage vma in vmas)
        {
            links += vma.Chain.Count;
        }

        if (vmas.Length > VmasMax || links > LinksMax)
        {
            _last.Remove(mm);
            return;
        }

        for (int at = 0; at < vmas.Length; at++)
        {
            if (vmas[at].Chain is not SharedChain and { Count: > 0 })
            {
                vmas[at] = vmas[at] with { Chain = SharedChain.Of(vmas[at].Chain.AsSpan(), null)! };
            }
        }

        KeepShared(mm, image with { Vmas = vmas }, links);
    }

    private void Forget()
    {
        _toldSince = 0;
        _sweep++;
        Dictionary<ulong, AnonVmaImage> named = [];
        long kept = 0;
        HashSet<MmImage> images = new(_last.Values, ReferenceEqualityComparer.Instance);
        foreach (MmImage image in images)
        {
            kept += image.Vmas.Count;
            foreach (VmaImage vma in image.Vmas.AsSpan())
            {
                for (SharedChain? at = vma.Chain as SharedChain; at?.TryVisit(_sweep) == true; at = at.Older)
                {
                    kept++;
                    if (_told.TryGetValue(at.Head, out AnonVmaImage? node))
                    {
                        named[at.Head] = node;
                    }
                }
            }
        }

        _told = named;
        if (kept > KeptMax)
        {
            _last.Clear();
            _told.Clear();
        }
    }
}
