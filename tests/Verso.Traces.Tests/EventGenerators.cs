using FsCheck;
using FsCheck.Fluent;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>Random events: every kind, the unknown ones too, extreme values, payloads of all shapes.</summary>
internal static class EventGenerators
{
    private static Gen<ulong> Word { get; } = Gen.Frequency(
        (3, Gen.Constant(0UL)),
        (3, Gen.Choose(0, 300).Select(value => (ulong)value)),
        (2, Gen.Choose(0, int.MaxValue).Select(page => 0x7f00_0000_0000UL + ((ulong)page << 12))),
        (1, Gen.Elements(ulong.MaxValue, 1UL << 63, (1UL << 63) - 1, 127UL, 128UL, 1UL << 32)),
        (1, Gen.Two(Gen.Choose(int.MinValue, int.MaxValue))
            .Select(two => ((ulong)(uint)two.Item1 << 32) | (uint)two.Item2)));

    private static Gen<TraceEventKind> Kind { get; } = Gen.Frequency(
        (9, Gen.Elements(Enum.GetValues<TraceEventKind>())),
        (1, Gen.Choose(0, 255).Select(kind => (TraceEventKind)kind)));

    private static Gen<int> Id { get; } = Gen.Frequency(
        (5, Gen.Choose(0, 5)), (1, Gen.Elements(int.MaxValue, 1 << 22, 128)));

    private static Gen<string> Text { get; } = Gen.ListOf(Gen.Elements("/", "lib", " ", "ü", "😀", "\n", "\0"))
        .Select(parts => string.Concat(parts));

    /// <summary>Lists of events; shrunk by leaving events out, then by emptying their fields.</summary>
    public static Arbitrary<EventList> Lists { get; } =
        Arb.From(Gen.ListOf(Event()).Select(events => new EventList([.. events])), Shrink);

    private static Gen<TraceEvent> Event() =>
        from kind in Kind
        from task in Id
        from mm in Id
        from words in Gen.ArrayOf(Word, 8)
        from file in File()
        from image in Image(kind)
        from text in Text
        from without in Gen.Choose(0, 3)
        select SoundEvents.Of(new TraceEvent
        {
            Kind = kind,
            Task = task,
            Mm = mm,
            Time = words[0],
            Result = (long)words[1],
            Arg0 = words[2],
            Arg1 = words[3],
            Arg2 = words[4],
            Arg3 = words[5],
            Arg4 = words[6],
            Arg5 = words[7],
            Payload = (without, kind) switch
            {
                (0, _) => null,
                (_, TraceEventKind.FileDefined) => file,
                (_, TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.Checkpoint) => image,
                (_, TraceEventKind.NotFollowed or TraceEventKind.Prctl or TraceEventKind.FrameName) => text,
                _ => null,
            },
        });

    private static Gen<FileIdentity> File() =>
        from id in Id
        from kind in Gen.Elements(Enum.GetValues<FileKind>())
        from words in Gen.ArrayOf(Word, 3)
        from path in Text
        from modes in Gen.Choose(0, 7)
        select new FileIdentity(new FileId(id), kind, words[0], words[1], words[2], path, (FileModes)modes);

    /// <summary>As the kernel has them at exec; for a checkpoint also such as were read amid changes.</summary>
    private static Gen<MmImage> Image(TraceEventKind kind) =>
        from head in Gen.ArrayOf(Word, 6)
        from words in Gen.ListOf(Word)
        let isTorn = kind == TraceEventKind.Checkpoint
        let ids = isTorn ? [.. words] : words.Where(id => id != 0).Distinct().ToArray()
        from nodes in Gen.CollectToArray(ids, id => Node(id, isTorn ? Word : Gen.Choose(0, 9).Select(n => (ulong)n)))
        from vmas in Gen.ListOf(Vma(ids, isTorn ? Word : Gen.Constant(0UL)))
        let image = new MmImage
        {
            StartBrk = head[0],
            Brk = head[1],
            MmapBase = head[2],
            StartStack = head[3],
            DefaultFlags = (VmaFlags)head[4],
            StackLimitBytes = head[5],
            Flags = isTorn ? MmFlags.None : (MmFlags)(head[5] & 15),
            AnonVmas = nodes,
            Vmas = Placed(vmas),
        }
        select isTorn ? image : SoundEvents.Tree(image);

    /// <summary>VMAs whose start and end are distances in pages yet.</summary>
    private static List<VmaImage> Placed(IEnumerable<VmaImage> distances)
    {
        List<VmaImage> vmas = [];
        ulong last = 0;
        foreach (VmaImage distance in distances)
        {
            ulong start = last + (distance.Start << Page.Shift);
            last = start + (distance.End << Page.Shift);
            vmas.Add(distance with { Start = start, End = last });
        }

        return vmas.TakeWhile(vma => vma.End <= Page.TaskSize).ToList();
    }

    private static Gen<AnonVmaImage> Node(ulong id, Gen<ulong> count) =>
        from references in Gen.Two(Word)
        from counts in Gen.Two(count)
        select new AnonVmaImage(id, references.Item1, references.Item2, (long)counts.Item1, (long)counts.Item2);

    private static Gen<VmaImage> Vma(ulong[] ids, Gen<ulong> torn) =>
        from gap in Gen.Choose(0, 1 << 24)
        from pages in Gen.Choose(1, 1 << 24)
        from words in Gen.ArrayOf(Word, 2)
        from file in Id
        from chain in Gen.SubListOf(ids)
        from other in torn
        let links = other == 0 ? chain.ToArray() : [.. chain, other]
        select new VmaImage(
            (ulong)gap,
            (ulong)pages,
            (VmaFlags)words[0] & ~(file == 0 ? VmaFlags.Shared : VmaFlags.None),
            words[1] >> 1,
            new FileId(file),
            other > 5 ? other : links.FirstOrDefault(),
            links);

    private static IEnumerable<EventList> Shrink(EventList list)
    {
        TraceEvent[] events = list.Events;
        for (int size = events.Length / 2; size > 0; size /= 2)
        {
            for (int at = 0; at + size <= events.Length; at += size)
            {
                yield return new EventList([.. events[..at], .. events[(at + size)..]]);
            }
        }

        for (int at = 0; at < events.Length; at++)
        {
            TraceEvent e = events[at];
            TraceEvent bare = SoundEvents.Of(new() { Kind = e.Kind, Payload = e.Payload });
            TraceEvent empty = SoundEvents.Of(new() { Kind = e.Kind });
            foreach (TraceEvent simpler in new[] { empty, bare }.Where(other => !Samples.Same(other, e)))
            {
                yield return new EventList([.. events[..at], simpler, .. events[(at + 1)..]]);
            }
        }
    }
}

/// <summary>Events that print themselves.</summary>
internal sealed record EventList(TraceEvent[] Events)
{
    public override string ToString() => $"{Events.Length} events:\n" + string.Join('\n', Events.Select(Text));

    private static string Text(TraceEvent e) => string.Concat(
        $"{e.Kind} t{e.Task} mm{e.Mm} @{e.Time} = {e.Result} ",
        $"{e.Arg0:x} {e.Arg1:x} {e.Arg2:x} {e.Arg3:x} {e.Arg4:x} {e.Arg5:x} {Samples.Json(e.Payload)}");
}
