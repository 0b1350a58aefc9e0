using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Traces.Snapshots;

/// <summary>One process of a snapshot as bytes: docs/snapshot.md.</summary>
internal static class ProcessCodec
{
    [Flags]
    private enum Parts : byte
    {
        None = 0,
        RefCounts = 1,
    }

    private const int TraitBytes = 7;
    private const int MappedFilePagesBytes = 3;

    /// <summary>
    /// More than any address space has pages, or bytes of page tables; those of as many processes as there are ids
    /// (2^22) still add up.
    /// </summary>
    private const ulong MostPages = 1UL << 40;

    public static void Write(ByteEncoder to, ProcessGraph process, OpaqueNumbers numbers)
    {
        to.Number((ulong)process.Pid);
        to.Text(process.Command);
        to.Number(process.StartNanoseconds);
        to.Byte((byte)process.Reading);
        to.Number(numbers.OfOther(process.Image.Identity));
        PayloadCodec.WriteImage(to, process.Image, numbers);
        ReadOnlySpan<AnonVmaImage> nodes = process.Image.AnonVmas.AsSpan();
        bool counted = HasRefCounts(nodes);
        to.Byte((byte)(counted ? Parts.RefCounts : Parts.None));
        foreach (AnonVmaImage node in counted ? nodes : [])
        {
            to.Signed(node.RefCount!.Value);
        }

        WriteTraits(to, process.Image.Vmas.AsSpan(), numbers);
        if (process.Memory is { } memory)
        {
            to.Number((ulong)memory.AnonymousPages);
            to.Number((ulong)memory.FilePages);
            to.Number((ulong)memory.SharedMemoryPages);
            to.Number((ulong)memory.SwapEntries);
            to.Number((ulong)memory.PageTableBytes);
            if (process.FilePages is { } pages)
            {
                WriteFilePages(to, pages);
            }
        }
    }

    public static ProcessGraph Read(ByteDecoder from)
    {
        int pid = from.Id();
        string command = from.Text();
        ulong start = from.Number();
        GraphReading reading = (GraphReading)from.Byte();
        if (reading > GraphReading.Changed)
        {
            throw from.Malformed("readings of this version in this block");
        }

        ulong identity = from.Number();
        MmImage image = PayloadCodec.ReadImage(from, TraceEventKind.Checkpoint) with { Identity = identity };
        AnonVmaImage[] nodes = [.. image.AnonVmas];
        bool counted = (from.Byte() & (byte)Parts.RefCounts) != 0;
        for (int at = 0; counted && at < nodes.Length; at++)
        {
            long count = from.Signed();
            nodes[at] = count == (int)count
                ? nodes[at] with { RefCount = (int)count }
                : throw from.Malformed("reference counts of 32 bits in this block");
        }

        VmaImage[] vmas = [.. image.Vmas];
        ReadTraits(from, vmas);
        return new ProcessGraph(pid, command, start, image with { AnonVmas = nodes, Vmas = vmas }, reading)
        {
            Memory = from.Left > 0 ? ReadMemory(from) : null,
            FilePages = from.Left > 0 ? ReadFilePages(from, vmas) : null,
        };
    }

    private static void WriteFilePages(ByteEncoder to, FilePages pages)
    {
        to.Byte((byte)pages.Reading);
        to.Number((ulong)pages.Mappings.Count);
        int last = 0;
        foreach (MappedFilePages mapping in pages.Mappings)
        {
            to.Number((ulong)(mapping.Vma - last));
            to.Number((ulong)mapping.Copied);
            to.Number((ulong)mapping.Mapped);
            last = mapping.Vma;
        }
    }

    // Nor was this: files of earlier versions end before it.
    private static FilePages ReadFilePages(ByteDecoder from, VmaImage[] vmas)
    {
        FilePagesReading reading = (FilePagesReading)from.Byte();
        int count = from.Count(MappedFilePagesBytes, vmas.Length, "private file mappings of a process");
        MappedFilePages[] mappings = new MappedFilePages[count];
        if (reading > FilePagesReading.Changed || (reading != FilePagesReading.Counted && mappings.Length > 0))
        {
            throw from.Malformed("counts of pages of this version in this block");
        }

        long place = 0;
        for (int at = 0; at < mappings.Length; at++)
        {
            int step = from.Id();
            place += step;
            (ulong copied, ulong mapped) = (from.Number(), from.Number());
            if ((at > 0 && step == 0) || place >= vmas.Length || !Holds(vmas[place], copied, mapped))
            {
                throw from.Malformed("pages that a private file mapping has in this block");
            }

            mappings[at] = new MappedFilePages((int)place, (long)copied, (long)mapped);
        }

        return new FilePages(reading, mappings);
    }

    private static bool Holds(VmaImage vma, ulong copied, ulong mapped)
    {
        ulong pages = (vma.End - vma.Start) >> Page.Shift;
        return FilePages.IsPrivate(vma) && copied <= pages && mapped <= pages - copied;
    }

    // Not in the first snapshots of this version: a record may end before it.
    private static ResidentMemory ReadMemory(ByteDecoder from)
    {
        (long anonymous, long files, long shared) = (ReadCount(from), ReadCount(from), ReadCount(from));
        return new ResidentMemory(anonymous, files, shared, ReadCount(from), ReadCount(from));
    }

    private static long ReadCount(ByteDecoder from)
    {
        ulong count = from.Number();
        return count <= MostPages
            ? (long)count
            : throw from.Malformed("counters that a machine may have in this block");
    }

    private static bool HasRefCounts(ReadOnlySpan<AnonVmaImage> nodes)
    {
        foreach (AnonVmaImage node in nodes)
        {
            if (node.RefCount is null)
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteTraits(ByteEncoder to, ReadOnlySpan<VmaImage> vmas, OpaqueNumbers numbers)
    {
        int count = 0;
        foreach (VmaImage vma in vmas)
        {
            count += HasTraits(vma) ? 1 : 0;
        }

        to.Number((ulong)count);
        int last = 0;
        for (int at = 0; at < vmas.Length; at++)
        {
            VmaTraits traits = vmas[at].Traits;
            if (!HasTraits(vmas[at]))
            {
                continue;
            }

            to.Number((ulong)(at - last));
            to.Number(traits.PolicyMode);
            to.Number(traits.PolicyNodes);
            to.Number(numbers.OfOther(traits.Userfault));
            to.Number(numbers.OfOther(traits.Operations));
            to.Byte((byte)traits.Close);
            to.Text(traits.Name ?? "");
            last = at;
        }
    }

    private static bool HasTraits(VmaImage vma) =>
        !ReferenceEquals(vma.Traits, VmaTraits.None) && vma.Traits != VmaTraits.None;

    private static void ReadTraits(ByteDecoder from, VmaImage[] vmas)
    {
        int count = from.Count(TraitBytes);
        ulong at = 0;
        for (int i = 0; i < count; i++)
        {
            at += from.Number();
            if (at >= (ulong)vmas.Length)
            {
                throw from.Malformed("traits of VMAs that are there in this block");
            }

            (ulong mode, ulong nodes) = (from.Number(), from.Number());
            (ulong userfault, ulong operations) = (from.Number(), from.Number());
            CloseOperation close = from.Byte() != 0 ? CloseOperation.Set : CloseOperation.None;
            string name = from.Text();
            vmas[at] = vmas[at] with
            {
                Traits = new VmaTraits(mode, nodes, userfault, operations, close, name.Length == 0 ? null : name),
            };
        }
    }
}
