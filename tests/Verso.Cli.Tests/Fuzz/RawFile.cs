using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>Writes traces and snapshots with right checksums, whatever they say: no rule of the writers is asked.</summary>
internal static class RawFile
{
    private const int FrameBytes = 24;

    /// <summary>A file of a header, one block and a trailer.</summary>
    public static byte[] Join(string magic, string header, byte[] body, int records, string trailer)
    {
        using MemoryStream file = new();
        file.Write(Encoding.ASCII.GetBytes(magic + "\r\n\u001a"));
        AppendFrame(file, 1, 0, 0, Encoding.UTF8.GetBytes(header));
        AppendFrame(file, 2, 1, records, body);
        AppendFrame(file, 3, 2, 0, Encoding.UTF8.GetBytes(trailer));
        return file.ToArray();
    }

    public static byte[] Encode(IEnumerable<TraceEvent> events)
    {
        RawBytes to = new();
        Dictionary<TraceEventKind, long[]> lasts = [];
        ulong time = 0;
        foreach (TraceEvent e in events)
        {
            long[] fields =
            [
                e.Task, e.Mm, e.Result, (long)e.Arg0, (long)e.Arg1, (long)e.Arg2, (long)e.Arg3, (long)e.Arg4, (long)e.Arg5,
            ];
            long[] last = lasts.TryGetValue(e.Kind, out long[]? known) ? known : new long[fields.Length];
            lasts[e.Kind] = fields;
            to.Byte((byte)e.Kind).Number(e.Payload is null ? 0x1ffUL : 0x3ff).Signed((long)(e.Time - time));
            time = e.Time;
            for (int at = 0; at < fields.Length; at++)
            {
                to.Signed(unchecked(fields[at] - last[at]));
            }

            if (e.Payload is not null)
            {
                bool hasFlags = e.Kind is TraceEventKind.Exec or TraceEventKind.Attach && e.Payload is MmImage;
                to.Part([.. Payload(e.Payload), .. hasFlags ? Flags((MmImage)e.Payload) : []]);
            }
        }

        return to.ToArray();
    }

    public static byte[] Encode(Snapshot snapshot)
    {
        RawBytes to = new();
        foreach (FileIdentity file in snapshot.Files)
        {
            to.Byte(1).Part(Payload(file));
        }

        foreach (ProcessGraph process in snapshot.Processes)
        {
            RawBytes part = new();
            part.Number((ulong)process.Pid).Text(process.Command).Number(process.StartNanoseconds);
            part.Byte((byte)process.Reading).Number(process.Image.Identity).Add(Payload(process.Image));
            bool counted = process.Image.AnonVmas.All(node => node.RefCount is not null);
            part.Byte(counted ? (byte)1 : (byte)0);
            foreach (AnonVmaImage node in counted ? process.Image.AnonVmas : [])
            {
                part.Signed(node.RefCount!.Value);
            }

            part.Number((ulong)process.Image.Vmas.Count);
            for (int at = 0; at < process.Image.Vmas.Count; at++)
            {
                VmaTraits traits = process.Image.Vmas[at].Traits;
                part.Number(at == 0 ? 0UL : 1).Number(traits.PolicyMode).Number(traits.PolicyNodes).Number(traits.Userfault);
                part.Number(traits.Operations).Byte((byte)traits.Close).Text(traits.Name ?? "");
            }

            if (process.Memory is { } memory)
            {
                part.Number((ulong)memory.AnonymousPages).Number((ulong)memory.FilePages).Number((ulong)memory.SharedMemoryPages);
                part.Number((ulong)memory.SwapEntries).Number((ulong)memory.PageTableBytes);
                AppendFilePages(part, process.FilePages);
            }

            to.Byte(2).Part(part.ToArray());
        }

        return to.ToArray();
    }

    private static void AppendFilePages(RawBytes to, FilePages? pages)
    {
        if (pages is null)
        {
            return;
        }

        to.Byte((byte)pages.Reading).Number((ulong)pages.Mappings.Count);
        int last = 0;
        foreach (MappedFilePages mapping in pages.Mappings)
        {
            to.Number((ulong)(mapping.Vma - last)).Number((ulong)mapping.Copied).Number((ulong)mapping.Mapped);
            last = mapping.Vma;
        }
    }

    private static byte[] Payload(object payload)
    {
        RawBytes to = new();
        switch (payload)
        {
            case FileIdentity file:
                to.Number((ulong)file.File.Value).Byte((byte)file.Kind).Number(file.Device).Number(file.Inode);
                return to.Number(file.SizeBytes).Text(file.Path).Byte((byte)file.Modes).ToArray();
            case MmImage image:
                AppendImage(to, image);
                return to.ToArray();
            case RawChange change:
                AppendChange(to, change);
                return to.ToArray();
            case ForkReuses reuses:
                AppendReuses(to, reuses);
                return to.ToArray();
            default:
                return to.Text((string)payload).ToArray();
        }
    }

    private static byte[] Flags(MmImage image) => new RawBytes().Number((ulong)image.Flags).ToArray();

    private static void AppendReuses(RawBytes to, ForkReuses reuses)
    {
        to.Number((ulong)reuses.Vmas.Count);
        ulong before = 0;
        foreach (ForkReuse reuse in reuses.Vmas)
        {
            to.Number(unchecked(reuse.Start - before)).Signed(reuse.Place);
            before = reuse.Start;
        }
    }

    private static void AppendChange(RawBytes to, RawChange change)
    {
        foreach (long difference in change.Differences)
        {
            to.Signed(difference);
        }

        to.Number((ulong)change.Told.Count);
        ulong id = 0;
        foreach (AnonVmaImage node in change.Told)
        {
            to.Signed(unchecked((long)(node.Id - id))).Number(node.Root).Number(node.Parent);
            to.Signed(node.ChildCount).Signed(node.ActiveVmaCount);
            id = node.Id;
        }

        to.Number((ulong)change.Edits.Count);
        foreach (RawEdit edit in change.Edits)
        {
            to.Number((ulong)edit.Kept).Number((ulong)edit.Dropped).Number((ulong)edit.Added.Count);
            ulong last = edit.EndBefore;
            foreach (RawAddedVma added in edit.Added)
            {
                VmaImage vma = added.Vma;
                to.Number(unchecked(vma.Start - last)).Number(unchecked(vma.End - vma.Start)).Number((ulong)vma.Flags);
                to.Number(vma.Pgoff).Number((ulong)vma.File.Value).Number(vma.AnonVma).Number((ulong)vma.Chain.Count);
                foreach (ulong link in vma.Chain)
                {
                    to.Number(link);
                }

                to.Number((ulong)added.GoesOnAs);
                if (added.GoesOnAs != 0)
                {
                    to.Number((ulong)added.Skipped);
                }

                last = vma.End;
            }
        }
    }

    private static void AppendImage(RawBytes to, MmImage image)
    {
        to.Number(image.StartBrk).Number(image.Brk).Number(image.MmapBase).Number(image.StartStack);
        to.Number((ulong)image.DefaultFlags).Number(image.StackLimitBytes).Number((ulong)image.AnonVmas.Count);
        ulong before = 0;
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            to.Signed(unchecked((long)(node.Id - before)));
            before = node.Id;
        }

        foreach (AnonVmaImage node in image.AnonVmas)
        {
            to.Reference(node.Root).Reference(node.Parent).Signed(node.ChildCount).Signed(node.ActiveVmaCount);
        }

        to.Number((ulong)image.Vmas.Count);
        ulong last = 0;
        foreach (VmaImage vma in image.Vmas)
        {
            to.Number(unchecked(vma.Start - last)).Number(unchecked(vma.End - vma.Start)).Number((ulong)vma.Flags);
            to.Number(vma.Pgoff).Number((ulong)vma.File.Value).Reference(vma.AnonVma).Number((ulong)vma.Chain.Count);
            foreach (ulong link in vma.Chain)
            {
                to.Reference(link);
            }

            last = vma.End;
        }
    }

    private static void AppendFrame(Stream file, byte type, ushort number, int records, byte[] body)
    {
        byte[] frame = new byte[FrameBytes];
        frame[0] = type;
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(2), number);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), records);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), Checksum(body));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(20), Checksum(frame.AsSpan(0, 20)));
        file.Write(frame);
        file.Write(body);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
