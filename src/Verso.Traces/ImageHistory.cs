using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// What a trace has told so far of every live address space and of every anon_vma. The writer and the reader of a
/// trace keep it in step, so that a checkpoint need only tell what changed.
/// </summary>
internal sealed class ImageHistory
{
    private readonly Dictionary<int, MmImage> _last = [];
    private readonly Dictionary<ulong, AnonVmaImage> _told = [];

    /// <summary>
    /// The last image of an address space: its chains are <see cref="SharedChain"/>s, its anon_vmas are left out. Of
    /// one that fork made and nothing was told of yet, its parent's at the fork. Null if there is none.
    /// </summary>
    public MmImage? Last(int mm) => _last.GetValueOrDefault(mm);

    /// <summary>What was told last of an anon_vma, in whatever image; null if nothing.</summary>
    public AnonVmaImage? Told(ulong anonVma) => _told.GetValueOrDefault(anonVma);

    /// <summary>Something is told of an anon_vma.</summary>
    public void Tell(AnonVmaImage node) => _told[node.Id] = node;

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
    public void KeepShared(int mm, MmImage image) => _last[mm] = image with { AnonVmas = [] };

    private void Keep(int mm, MmImage image)
    {
        VmaImage[] vmas = image.Vmas.AsSpan().ToArray();
        for (int at = 0; at < vmas.Length; at++)
        {
            if (vmas[at].Chain is not SharedChain and { Count: > 0 })
            {
                vmas[at] = vmas[at] with { Chain = SharedChain.Of(vmas[at].Chain.AsSpan(), null)! };
            }
        }

        KeepShared(mm, image with { Vmas = vmas });
    }
}
