using System.Text;
using System.Text.Json;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>
/// A reader written from docs/trace-format.md alone: what it reads must be what was written, so that the page says
/// enough.
/// </summary>
internal sealed class SecondReader
{
    private readonly byte[] _bytes;
    private readonly long[,] _fields = new long[256, 9];
    private readonly Dictionary<int, MmImage> _last;
    private readonly Dictionary<ulong, AnonVmaImage> _told;
    private int _at;
    private ulong _time;

    private SecondReader(byte[] bytes, Dictionary<int, MmImage> last, Dictionary<ulong, AnonVmaImage> told) =>
        (_bytes, _last, _told) = (bytes, last, told);

    public static List<TraceEvent> Read(byte[] file)
    {
        List<Block> blocks = Block.Split(file);
        List<TraceEvent> events = [];
        Dictionary<int, MmImage> last = [];
        Dictionary<ulong, AnonVmaImage> told = [];
        Assert.Equal(Block.TypeHeader, blocks[0].Type);
        Assert.Equal(1, JsonDocument.Parse(blocks[0].Body).RootElement.GetProperty("version").GetInt32());
        for (int number = 1; number < blocks.Count - 1; number++)
        {
            Assert.Equal(Block.TypeEvents, blocks[number].Type);
            Assert.Equal(number, blocks[number].Number);
            SecondReader reader = new(blocks[number].Unpacked, last, told);
            for (int left = blocks[number].Events; left > 0; left--)
            {
                events.Add(reader.Event());
            }

            Assert.Equal(reader._bytes.Length, reader._at);
        }

        Assert.Equal(Block.TypeTrailer, blocks[^1].Type);
        Assert.Equal(events.Count, JsonDocument.Parse(blocks[^1].Body).RootElement.GetProperty("events").GetInt64());
        return events;
    }

    private TraceEvent Event()
    {
        int kind = _bytes[_at++];
        ulong mask = Number();
        _time += (ulong)Signed();
        for (int field = 0; field < 9; field++)
        {
            _fields[kind, field] += (mask >> field & 1) != 0 ? Signed() : 0;
        }

        int mm = (int)_fields[kind, 1];
        bool hasPayload = (mask >> 9 & 1) != 0;
        object? payload = hasPayload ? Payload(kind, mm) : null;
        Remember(kind, mm, (ulong)_fields[kind, 3], payload as MmImage);
        return new TraceEvent
        {
            Kind = (TraceEventKind)(kind == 67 && hasPayload ? 64 : kind),
            Time = _time,
            Task = (int)_fields[kind, 0],
            Mm = (int)_fields[kind, 1],
            Result = _fields[kind, 2],
            Arg0 = (ulong)_fields[kind, 3],
            Arg1 = (ulong)_fields[kind, 4],
            Arg2 = (ulong)_fields[kind, 5],
            Arg3 = (ulong)_fields[kind, 6],
            Arg4 = (ulong)_fields[kind, 7],
            Arg5 = (ulong)_fields[kind, 8],
            Payload = payload,
        };
    }

    private object? Payload(int kind, int mm)
    {
        int end = (int)Number() + _at;
        object? payload = kind switch
        {
            1 => File(),
            3 => Reuses(),
            64 => Image(),
            29 or 66 or 69 => Text(),
            67 => Change(_last[mm]),
            4 or 7 => Image() is MmImage image && _at < end ? image with { Flags = (MmFlags)(uint)Number() } : null,
            _ => null,
        };
        _at = end;
        return payload;
    }

    private void Remember(int kind, int mm, ulong child, MmImage? image)
    {
        if (image is not null)
        {
            _last[mm] = image;
            foreach (AnonVmaImage node in image.AnonVmas)
            {
                _told[node.Id] = node;
            }
        }
        else if (kind is 4 or 6 or 7)
        {
            _last.Remove(mm);
        }
        else if (kind == 3 && child < 1UL << 31)
        {
            _last.Remove((int)child);
            if (_last.TryGetValue(mm, out MmImage? parents))
            {
                _last[(int)child] = parents;
            }
        }
    }

    private ForkReuses Reuses()
    {
        ForkReuse[] vmas = new ForkReuse[Number()];
        ulong start = 0;
        for (int i = 0; i < vmas.Length; i++)
        {
            start += Number();
            vmas[i] = new ForkReuse(start, (int)Signed());
        }

        return new ForkReuses(vmas);
    }

    private MmImage Change(MmImage last)
    {
        MmImage image = last with
        {
            StartBrk = last.StartBrk + (ulong)Signed(),
            Brk = last.Brk + (ulong)Signed(),
            MmapBase = last.MmapBase + (ulong)Signed(),
            StartStack = last.StartStack + (ulong)Signed(),
            DefaultFlags = (VmaFlags)((ulong)last.DefaultFlags + (ulong)Signed()),
            StackLimitBytes = last.StackLimitBytes + (ulong)Signed(),
            Flags = default,
        };
        ulong id = 0;
        for (ulong left = Number(); left > 0; left--)
        {
            id += (ulong)Signed();
            _told[id] = new AnonVmaImage(id, Number(), Number(), Signed(), Signed());
        }

        List<VmaImage> vmas = [];
        int at = 0;
        for (ulong edits = Number(); edits > 0; edits--)
        {
            int kept = (int)Number();
            int dropped = (int)Number();
            vmas.AddRange(last.Vmas.Skip(at).Take(kept));
            at += kept + dropped;
            for (ulong added = Number(); added > 0; added--)
            {
                ulong start = (vmas.Count == 0 ? 0 : vmas[^1].End) + Number();
                ulong end = start + Number();
                VmaImage vma = new(
                    start, end, (VmaFlags)Number(), Number(), new FileId((int)Number()), Number(), []);
                vmas.Add(vma with { Chain = [.. ChangedChain(last)] });
            }
        }

        vmas.AddRange(last.Vmas.Skip(at));
        IEnumerable<ulong> named = vmas.SelectMany(vma => vma.Chain).Distinct();
        return image with { Vmas = vmas, AnonVmas = [.. named.Select(node => _told[node])] };
    }

    private IEnumerable<ulong> ChangedChain(MmImage last)
    {
        for (ulong left = Number(); left > 0; left--)
        {
            yield return Number();
        }

        int donor = (int)Number();
        int skip = donor > 0 ? (int)Number() : 0;
        foreach (ulong id in donor > 0 ? last.Vmas[donor - 1].Chain.Skip(skip) : [])
        {
            yield return id;
        }
    }

    private FileIdentity File()
    {
        int file = (int)Number();
        byte kind = _bytes[_at++];
        ulong device = Number();
        ulong inode = Number();
        ulong size = Number();
        string path = Text();
        return new FileIdentity(
            new FileId(file), (FileKind)kind, device, inode, size, path, (FileModes)_bytes[_at++]);
    }

    private string Text()
    {
        int bytes = (int)Number();
        _at += bytes;
        return Encoding.UTF8.GetString(_bytes, _at - bytes, bytes);
    }

    private MmImage Image()
    {
        ulong[] head = [Number(), Number(), Number(), Number(), Number(), Number()];
        ulong[] ids = new ulong[Number()];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = (i == 0 ? 0 : ids[i - 1]) + (ulong)Signed();
        }

        List<AnonVmaImage> nodes = [];
        foreach (ulong id in ids)
        {
            nodes.Add(new AnonVmaImage(id, Reference(ids), Reference(ids), Signed(), Signed()));
        }

        List<VmaImage> vmas = [];
        ulong end = 0;
        for (ulong left = Number(); left > 0; left--)
        {
            ulong start = end + Number();
            end = start + Number();
            ulong flags = Number();
            ulong pgoff = Number();
            FileId file = new((int)Number());
            ulong node = Reference(ids);
            ulong[] chain = new ulong[Number()];
            for (int i = 0; i < chain.Length; i++)
            {
                chain[i] = Reference(ids);
            }

            vmas.Add(new VmaImage(start, end, (VmaFlags)flags, pgoff, file, node, chain));
        }

        return new MmImage
        {
            Vmas = vmas,
            AnonVmas = nodes,
            StartBrk = head[0],
            Brk = head[1],
            MmapBase = head[2],
            StartStack = head[3],
            DefaultFlags = (VmaFlags)head[4],
            StackLimitBytes = head[5],
        };
    }

    private ulong Reference(ulong[] ids)
    {
        ulong reference = Number();
        return reference switch
        {
            0 => 0,
            2 => Number(),
            _ => ids[(reference >> 1) - 1],
        };
    }

    private ulong Number()
    {
        ulong value = 0;
        int shift = 0;
        byte next;
        do
        {
            next = _bytes[_at++];
            value |= (ulong)(next & 0x7f) << shift;
            shift += 7;
        }
        while ((next & 0x80) != 0);
        return value;
    }

    private long Signed()
    {
        ulong number = Number();
        return number % 2 == 0 ? (long)(number / 2) : -(long)(number / 2) - 1;
    }
}
