using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces;

/// <summary>
/// A checkpoint as what differs from the last image of its address space: what docs/trace-format.md calls a change.
/// </summary>
internal sealed class ImageChange(ImageHistory history)
{
    // Larger images are told whole: a few bytes of a file must not ask for any amount of work.
    private const int VmasMax = ImageHistory.VmasMax;
    private const int LinksMax = ImageHistory.LinksMax;

    /// <summary>Entries of chains that a reader steps over to find where others go on.</summary>
    private const int SkippedMax = 1 << 24;

    private readonly AddressNumbers _seen = new();
    private readonly List<Edit> _edits = [];

    // Entries of chains that stand in the change itself.
    private long _own;

    /// <summary>Whether an image can be told so.</summary>
    /// <remarks>
    /// Its anon_vmas must be those of its chains in the order of their first mention, for that is what a reader makes.
    /// </remarks>
    public bool CanTell(int mm, MmImage image)
    {
        if (history.Last(mm) is not MmImage last || Math.Max(last.Vmas.Count, image.Vmas.Count) > VmasMax)
        {
            return false;
        }

        long links = 0;
        ReadOnlySpan<AnonVmaImage> nodes = image.AnonVmas.AsSpan();
        _seen.Clear();
        foreach (VmaImage vma in image.Vmas.AsSpan())
        {
            links += vma.Chain.Count;
            foreach (ulong id in vma.Chain.AsSpan())
            {
                int before = _seen.Count;
                int number = _seen.Of(id);
                if (number == 0 || (number > before && (before >= nodes.Length || nodes[before].Id != id)))
                {
                    return false;
                }
            }
        }

        return links <= LinksMax && _seen.Count == nodes.Length;
    }

    /// <summary>An image that <see cref="CanTell"/>. The history goes on from it.</summary>
    public void Write(ByteEncoder to, int mm, MmImage image)
    {
        MmImage last = history.Last(mm)!;
        to.Signed(unchecked((long)(image.StartBrk - last.StartBrk)));
        to.Signed(unchecked((long)(image.Brk - last.Brk)));
        to.Signed(unchecked((long)(image.MmapBase - last.MmapBase)));
        to.Signed(unchecked((long)(image.StartStack - last.StartStack)));
        to.Signed(unchecked((long)((ulong)image.DefaultFlags - (ulong)last.DefaultFlags)));
        to.Signed(unchecked((long)(image.StackLimitBytes - last.StackLimitBytes)));
        WriteNodes(to, image);

        ReadOnlySpan<VmaImage> old = last.Vmas.AsSpan();
        VmaImage[] vmas = image.Vmas.AsSpan().ToArray();
        FindEdits(old, vmas);
        _own = 0;
        to.Number((ulong)_edits.Count);
        int donor = 0;
        int place = 0;
        int at = 0;
        foreach (Edit edit in _edits)
        {
            to.Number((ulong)edit.Kept);
            to.Number((ulong)edit.Dropped);
            to.Number((ulong)edit.Added);
            old.Slice(at, edit.Kept).CopyTo(vmas.AsSpan(place));
            place += edit.Kept;
            at += edit.Kept + edit.Dropped;
            for (int end = place + edit.Added; place < end; place++)
            {
                while (donor < old.Length && old[donor].End <= vmas[place].Start)
                {
                    donor++;
                }

                vmas[place] = WriteVma(to, place == 0 ? 0 : vmas[place - 1].End, vmas[place], old, donor);
            }
        }

        old[at..].CopyTo(vmas.AsSpan(place));
        history.KeepShared(mm, image with { Vmas = vmas }, _own);
    }

    /// <summary>The whole image again. The history goes on from it.</summary>
    public MmImage Read(ByteDecoder from, int mm)
    {
        MmImage last = history.Last(mm)
            ?? throw from.Malformed("an image of each address space before what changed of it in this block");
        MmImage image = new()
        {
            StartBrk = unchecked(last.StartBrk + (ulong)from.Signed()),
            Brk = unchecked(last.Brk + (ulong)from.Signed()),
            MmapBase = unchecked(last.MmapBase + (ulong)from.Signed()),
            StartStack = unchecked(last.StartStack + (ulong)from.Signed()),
            DefaultFlags = (VmaFlags)unchecked((ulong)last.DefaultFlags + (ulong)from.Signed()),
            StackLimitBytes = unchecked(last.StackLimitBytes + (ulong)from.Signed()),
            AnonVmas = [],
            Vmas = [],
        };
        ReadNodes(from);
        image = image with { Vmas = ReadVmas(from, last.Vmas.AsSpan()) };
        if (ImageRules.FindBroken(TraceEventKind.Checkpoint, image) is string expected)
        {
            throw from.Malformed($"{expected} in this block");
        }

        MmImage whole = image with { AnonVmas = NodesOf(from, image) };
        history.KeepShared(mm, image, _own);
        return whole;
    }

    private void WriteNodes(ByteEncoder to, MmImage image)
    {
        List<AnonVmaImage> news = [];
        foreach (AnonVmaImage node in image.AnonVmas.AsSpan())
        {
            if (history.Told(node.Id) is not AnonVmaImage told || !AreSame(told, node))
            {
                history.Tell(node);
                news.Add(node);
            }
        }

        to.Number((ulong)news.Count);
        ulong before = 0;
        foreach (AnonVmaImage node in news)
        {
            to.Signed(unchecked((long)(node.Id - before)));
            to.Number(node.Root);
            to.Number(node.Parent);
            to.Signed(node.ChildCount);
            to.Signed(node.ActiveVmaCount);
            before = node.Id;
        }
    }

    private void ReadNodes(ByteDecoder from)
    {
        ulong id = 0;
        for (int left = from.Count(5); left > 0; left--)
        {
            id = unchecked(id + (ulong)from.Signed());
            history.Tell(new AnonVmaImage(id, from.Number(), from.Number(), from.Signed(), from.Signed()));
        }
    }

    private List<AnonVmaImage> NodesOf(ByteDecoder from, MmImage image)
    {
        List<AnonVmaImage> nodes = [];
        _seen.Clear();
        foreach (VmaImage vma in image.Vmas.AsSpan())
        {
            for (SharedChain? at = vma.Chain as SharedChain; at is not null; at = at.Older)
            {
                if (_seen.Of(at.Head) > nodes.Count)
                {
                    nodes.Add(history.Told(at.Head)
                        ?? throw from.Malformed("chains of anon_vmas that this block has described"));
                }
            }
        }

        return nodes;
    }

    // Both lists ascend. An edit keeps some of the last image's VMAs, drops some, and then adds some.
    private void FindEdits(ReadOnlySpan<VmaImage> old, ReadOnlySpan<VmaImage> vmas)
    {
        _edits.Clear();
        Edit edit = default;
        int at = 0;
        foreach (VmaImage vma in vmas)
        {
            for (; at < old.Length && old[at].Start < vma.Start; at++)
            {
                edit.Dropped++;
            }

            if (at == old.Length || !AreSame(old[at], vma))
            {
                edit.Added++;
                continue;
            }

            if (edit.Dropped + edit.Added > 0)
            {
                _edits.Add(edit);
                edit = default;
            }

            edit.Kept++;
            at++;
        }

        edit.Dropped += old.Length - at;
        if (edit.Dropped + edit.Added > 0)
        {
            _edits.Add(edit);
        }
    }

    private VmaImage WriteVma(
        ByteEncoder to, ulong before, VmaImage vma, ReadOnlySpan<VmaImage> old, int donor)
    {
        to.Number(unchecked(vma.Start - before));
        to.Number(vma.End - vma.Start);
        to.Number((ulong)vma.Flags);
        to.Number(vma.Pgoff);
        to.Number((ulong)vma.File.Value);
        to.Number(vma.AnonVma);
        ReadOnlySpan<ulong> chain = vma.Chain.AsSpan();
        SharedChain? theirs = donor < old.Length ? old[donor].Chain as SharedChain : null;
        SharedChain? common = SharedChain.CommonEnd(theirs, chain);
        if (common is null && donor > 0)
        {
            donor--;
            theirs = old[donor].Chain as SharedChain;
            common = SharedChain.CommonEnd(theirs, chain);
        }

        ReadOnlySpan<ulong> own = chain[..^(common?.Count ?? 0)];
        _own += own.Length;
        to.Number((ulong)own.Length);
        foreach (ulong id in own)
        {
            to.Number(id);
        }

        to.Number(common is null ? 0 : (ulong)donor + 1);
        if (common is not null)
        {
            to.Number((ulong)(theirs!.Count - common.Count));
        }

        return vma with { Chain = (IReadOnlyList<ulong>?)SharedChain.Of(own, common) ?? [] };
    }

    private VmaImage[] ReadVmas(ByteDecoder from, ReadOnlySpan<VmaImage> old)
    {
        List<VmaImage> vmas = new(old.Length);
        int at = 0;
        long work = 0;
        _own = 0;
        for (int edits = from.Count(3); edits > 0; edits--)
        {
            int kept = from.Id();
            int dropped = from.Id();
            int added = from.Count(8);
            if (kept > old.Length - at || dropped > old.Length - at - kept)
            {
                throw from.Short();
            }

            vmas.AddRange(old.Slice(at, kept));
            at += kept + dropped;
            for (; added > 0; added--)
            {
                vmas.Add(ReadVma(from, vmas.Count == 0 ? 0 : vmas[^1].End, old, out int skipped));
                work += skipped;
                if (vmas.Count > VmasMax || work > SkippedMax)
                {
                    throw TooLarge(from);
                }
            }
        }

        vmas.AddRange(old[at..]);
        long links = 0;
        foreach (VmaImage vma in vmas)
        {
            links += vma.Chain.Count;
        }

        return vmas.Count <= VmasMax && links <= LinksMax ? [.. vmas] : throw TooLarge(from);
    }

    private static TraceFormatException TooLarge(ByteDecoder from) =>
        from.Malformed($"changed images of at most {VmasMax} VMAs and {LinksMax} entries of chains in this block");

    private VmaImage ReadVma(ByteDecoder from, ulong before, ReadOnlySpan<VmaImage> old, out int work)
    {
        ulong start = unchecked(before + from.Number());
        ulong end = unchecked(start + from.Number());
        VmaFlags flags = (VmaFlags)from.Number();
        ulong pgoff = from.Number();
        FileId file = new(from.Id());
        ulong anonVma = from.Number();
        ulong[] own = new ulong[from.Count(1, LinksMax, "entries of chains in a changed image")];
        _own += own.Length;
        if (_own > LinksMax)
        {
            throw TooLarge(from);
        }

        for (int at = 0; at < own.Length; at++)
        {
            own[at] = from.Number();
        }

        work = 0;
        SharedChain? older = null;
        int donor = from.Id();
        if (donor > 0)
        {
            int skip = from.Id();
            older = donor <= old.Length ? old[donor - 1].Chain as SharedChain : null;
            if (older is null || skip >= older.Count)
            {
                throw from.Short();
            }

            older = SharedChain.Skip(older, skip);
            work = skip;
        }

        IReadOnlyList<ulong> chain = (IReadOnlyList<ulong>?)SharedChain.Of(own, older) ?? [];
        return new VmaImage(start, end, flags, pgoff, file, anonVma, chain);
    }

    private static bool AreSame(AnonVmaImage a, AnonVmaImage b) =>
        (a.Root, a.Parent, a.ChildCount, a.ActiveVmaCount) == (b.Root, b.Parent, b.ChildCount, b.ActiveVmaCount);

    private static bool AreSame(VmaImage old, VmaImage vma) =>
        (old.Start, old.End, old.Flags, old.Pgoff, old.File, old.AnonVma)
            == (vma.Start, vma.End, vma.Flags, vma.Pgoff, vma.File, vma.AnonVma)
        && old.Chain.Count == vma.Chain.Count
        && (old.Chain.Count == 0
            || SharedChain.CommonEnd(old.Chain as SharedChain, vma.Chain.AsSpan())?.Count == vma.Chain.Count);

    private struct Edit
    {
        public int Kept;
        public int Dropped;
        public int Added;
    }
}
