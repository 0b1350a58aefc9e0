using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces;

/// <summary>The payloads of events: images, file identities and text.</summary>
internal static class PayloadCodec
{
    private const FileModes AllModes = FileModes.Read | FileModes.Write | FileModes.NoExec;

    /// <summary>Its id, two references and two counts.</summary>
    private const int NodeMinBytes = 5;

    /// <summary>Six numbers, and how long its chain is.</summary>
    private const int VmaMinBytes = 7;

    /// <summary>Whether events of this kind carry a payload, and which.</summary>
    public static PayloadKind KindOf(TraceEventKind kind) => kind switch
    {
        TraceEventKind.FileDefined => PayloadKind.File,
        TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.Checkpoint => PayloadKind.Image,
        TraceEventKind.NotFollowed or TraceEventKind.Prctl or TraceEventKind.FrameName => PayloadKind.Text,
        TraceEventKind.Fork => PayloadKind.Reuses,
        _ => PayloadKind.None,
    };

    /// <exception cref="ArgumentException">
    /// Events of this kind do not carry this, or it breaks the rules of images.
    /// </exception>
    public static void Write(ByteEncoder to, TraceEventKind kind, object payload)
    {
        switch (KindOf(kind), payload)
        {
            case (PayloadKind.File, FileIdentity file) when IsKnown(file):
                WriteFile(to, file);
                break;
            case (PayloadKind.Image, MmImage image):
                Require(kind, image);
                WriteImage(to, image);
                if (HasFlags(kind))
                {
                    to.Number((ulong)image.Flags);
                }

                break;
            case (PayloadKind.Text, string text):
                to.Text(text);
                break;
            case (PayloadKind.Reuses, ForkReuses reuses) when AreSound(reuses):
                WriteReuses(to, reuses);
                break;
            default:
                throw new ArgumentException($"{kind} carries no such {payload.GetType().Name}", nameof(payload));
        }
    }

    /// <exception cref="ArgumentException">The image breaks the rules of images.</exception>
    public static void Require(TraceEventKind kind, MmImage image)
    {
        if (ImageRules.FindBroken(kind, image) is string expected)
        {
            throw new ArgumentException($"{kind} without {expected}", nameof(image));
        }
    }

    /// <summary>Null for kinds this version does not know: their payload is skipped.</summary>
    public static object? Read(ByteDecoder from, TraceEventKind kind) => KindOf(kind) switch
    {
        PayloadKind.File => ReadFile(from),
        PayloadKind.Image => ReadFlags(from, kind, ReadImage(from, kind)),
        PayloadKind.Text => from.Text(),
        PayloadKind.Reuses => ReadReuses(from),
        _ => null,
    };

    /// <summary>Checkpoints are compared by what VMAs are; what an address space begins with has flags too.</summary>
    private static bool HasFlags(TraceEventKind kind) => kind is TraceEventKind.Exec or TraceEventKind.Attach;

    // Added within version 1: images written before end here.
    private static MmImage ReadFlags(ByteDecoder from, TraceEventKind kind, MmImage image) =>
        HasFlags(kind) && from.Left > 0 ? image with { Flags = (MmFlags)(uint)from.Number() } : image;

    /// <summary>What docs/trace-format.md calls a file.</summary>
    public static void WriteFile(ByteEncoder to, FileIdentity file)
    {
        to.Number((ulong)file.File.Value);
        to.Byte((byte)file.Kind);
        to.Number(file.Device);
        to.Number(file.Inode);
        to.Number(file.SizeBytes);
        to.Text(file.Path);
        to.Byte((byte)file.Modes);
    }

    public static FileIdentity ReadFile(ByteDecoder from)
    {
        FileIdentity file = new(
            new FileId(from.Id()),
            (FileKind)from.Byte(),
            from.Number(),
            from.Number(),
            from.Number(),
            from.Text(),
            (FileModes)from.Byte());
        return IsKnown(file)
            ? file
            : throw from.Malformed("file kinds and modes of this version in this block");
    }

    private static bool IsKnown(FileIdentity file) =>
        file is { File.Value: >= 0, Kind: <= FileKind.Zero, Modes: <= AllModes };

    private static bool AreSound(ForkReuses reuses)
    {
        for (int at = 0; at < reuses.Vmas.Count; at++)
        {
            ForkReuse reuse = reuses.Vmas[at];
            if ((at > 0 && reuse.Start <= reuses.Vmas[at - 1].Start) || reuse.Place < ForkReuse.New)
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteReuses(ByteEncoder to, ForkReuses reuses)
    {
        to.Number((ulong)reuses.Vmas.Count);
        ulong before = 0;
        foreach (ForkReuse reuse in reuses.Vmas)
        {
            to.Number(reuse.Start - before);
            to.Signed(reuse.Place);
            before = reuse.Start;
        }
    }

    private static ForkReuses ReadReuses(ByteDecoder from)
    {
        ForkReuse[] vmas = new ForkReuse[from.Count(2, ImageRules.VmasMax, "reuses of a fork")];
        ulong start = 0;
        for (int at = 0; at < vmas.Length; at++)
        {
            start = unchecked(start + from.Number());
            long place = from.Signed();
            vmas[at] = new ForkReuse(start, (int)place);
            if (place != (int)place)
            {
                throw from.Malformed("places of 32 bits in this block");
            }
        }

        ForkReuses reuses = new(vmas);
        return AreSound(reuses)
            ? reuses
            : throw from.Malformed("reuses by ascending start, with places from -1 on, in this block");
    }

    /// <summary>What docs/trace-format.md calls an image; by whatever rules it was checked.</summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="image">The image.</param>
    /// <param name="names">Other names for its anon_vmas; null: as they are.</param>
    public static void WriteImage(ByteEncoder to, MmImage image, OpaqueNumbers? names = null)
    {
        to.Number(image.StartBrk);
        to.Number(image.Brk);
        to.Number(image.MmapBase);
        to.Number(image.StartStack);
        to.Number((ulong)image.DefaultFlags);
        to.Number(image.StackLimitBytes);

        ReadOnlySpan<AnonVmaImage> nodes = image.AnonVmas.AsSpan();
        AnonVmaReferences references = new(to, nodes.Length, names);
        to.Number((ulong)nodes.Length);
        ulong before = 0;
        foreach (AnonVmaImage node in nodes)
        {
            references.Add(node.Id);
            ulong id = names?.OfAnonVma(node.Id) ?? node.Id;
            to.Signed(unchecked((long)(id - before)));
            before = id;
        }

        foreach (AnonVmaImage node in nodes)
        {
            references.Write(node.Root);
            references.Write(node.Parent);
            to.Signed(node.ChildCount);
            to.Signed(node.ActiveVmaCount);
        }

        ReadOnlySpan<VmaImage> vmas = image.Vmas.AsSpan();
        to.Number((ulong)vmas.Length);
        ulong last = 0;
        foreach (VmaImage vma in vmas)
        {
            to.Number(unchecked(vma.Start - last));
            to.Number(vma.End - vma.Start);
            to.Number((ulong)vma.Flags);
            to.Number(vma.Pgoff);
            to.Number((ulong)vma.File.Value);
            references.Write(vma.AnonVma);
            ReadOnlySpan<ulong> chain = vma.Chain.AsSpan();
            to.Number((ulong)chain.Length);
            foreach (ulong link in chain)
            {
                references.Write(link);
            }

            last = vma.End;
        }
    }

    private static ulong ReadReference(ByteDecoder from, ulong[] ids)
    {
        ulong code = from.Number();
        if (code == 0)
        {
            return 0;
        }

        if (code == 2)
        {
            return from.Number();
        }

        ulong place = code >> 1;
        return (code & 1) == 1 && place >= 1 && place <= (ulong)ids.Length ? ids[place - 1] : throw from.Short();
    }

    public static MmImage ReadImage(ByteDecoder from, TraceEventKind kind)
    {
        MmImage image = new()
        {
            Vmas = [],
            AnonVmas = [],
            StartBrk = from.Number(),
            Brk = from.Number(),
            MmapBase = from.Number(),
            StartStack = from.Number(),
            DefaultFlags = (VmaFlags)from.Number(),
            StackLimitBytes = from.Number(),
        };
        ulong[] ids = new ulong[from.Count(NodeMinBytes, ImageRules.AnonVmasMax, "anon_vmas in an image")];
        ulong before = 0;
        for (int at = 0; at < ids.Length; at++)
        {
            before = unchecked(before + (ulong)from.Signed());
            ids[at] = before;
        }

        AnonVmaImage[] nodes = new AnonVmaImage[ids.Length];
        for (int at = 0; at < ids.Length; at++)
        {
            nodes[at] = new AnonVmaImage(
                ids[at], ReadReference(from, ids), ReadReference(from, ids), from.Signed(), from.Signed());
        }

        image = image with { AnonVmas = nodes, Vmas = ReadVmas(from, ids) };
        return ImageRules.FindBroken(kind, image) is string expected
            ? throw from.Malformed($"{expected} in this block")
            : image;
    }

    private static VmaImage[] ReadVmas(ByteDecoder from, ulong[] ids)
    {
        VmaImage[] vmas = new VmaImage[from.Count(VmaMinBytes, ImageRules.VmasMax, "VMAs in an image")];
        ulong last = 0;
        int linksLeft = ImageRules.LinksMax;
        for (int at = 0; at < vmas.Length; at++)
        {
            ulong start = unchecked(last + from.Number());
            ulong end = unchecked(start + from.Number());
            VmaFlags flags = (VmaFlags)from.Number();
            ulong pgoff = from.Number();
            FileId file = new(from.Id());
            ulong anonVma = ReadReference(from, ids);
            ulong[] chain = new ulong[from.Count(1, linksLeft, "more entries of chains in an image")];
            linksLeft -= chain.Length;
            for (int link = 0; link < chain.Length; link++)
            {
                chain[link] = ReadReference(from, ids);
            }

            vmas[at] = new VmaImage(start, end, flags, pgoff, file, anonVma, chain);

            // At once: VMAs that cannot be would take more memory than the file has bytes.
            if (ImageRules.FindBroken(vmas[at], last) is string expected)
            {
                throw from.Malformed($"{expected} in this block");
            }

            last = end;
        }

        return vmas;
    }
}

/// <summary>Which payload an event carries.</summary>
internal enum PayloadKind
{
    None = 0,
    File = 1,
    Image = 2,
    Text = 3,
    Reuses = 4,
}
