using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>An event of any kind, about VMAs that are there: what a recorder might have written.</summary>
/// <param name="image">The last image of the address space.</param>
/// <param name="mm">The address space.</param>
/// <param name="random">Chooses.</param>
internal sealed class FuzzEvents(MmImage image, int mm, Random random)
{
    private static readonly ulong[] _advice = [.. Enum.GetValues<Advice>().Select(advice => (ulong)advice)];

    private static readonly ulong[] _prctl = [4, 53, 65, 67, 0x53564d41];

    /// <summary>One of the kind.</summary>
    /// <exception cref="NotSupportedException">There is a new kind, and this says nothing of it yet.</exception>
    public TraceEvent Make(TraceEventKind kind)
    {
        TraceEvent e = new() { Kind = kind, Mm = mm, Task = random.Next(1, 6), Time = (ulong)random.Next(1 << 20) };
        (e.Arg0, e.Arg1) = (Address(), Length());
        (ulong, ulong, ulong, ulong, long) rest = kind switch
        {
            TraceEventKind.Mmap => (Any(16), MapFlags(), Any(4), Any(4) << Page.Shift, Returned()),
            TraceEventKind.Mremap => (Length(), Any(8), Address(), 0UL, Returned()),
            TraceEventKind.Shmat => (Any(2) << 12, Length(), Any(4), 0UL, Returned()),
            TraceEventKind.Mprotect => (Any(8), random.Next(3) == 0 ? Any(4) : ulong.MaxValue, 0, 0, Status()),
            TraceEventKind.Madvise => (_advice[random.Next(_advice.Length)], 0, 0, 0, Status()),
            TraceEventKind.Brk => (0, 0, 0, 0, (long)Address()),
            TraceEventKind.Munmap or TraceEventKind.Mlock or TraceEventKind.Munlock or TraceEventKind.Munlockall
                or TraceEventKind.Shmdt or TraceEventKind.Mseal => (Any(2), 0, 0, 0, Status()),
            TraceEventKind.Mbind => (Any(6), Any(4), Any(8), 0, Status()),
            TraceEventKind.UserfaultRegister => (Any(8), Any(3), Any(1 << 14), 0, Status()),
            TraceEventKind.UserfaultUnregister => (Any(3), 0, 0, 0, Status()),
            TraceEventKind.UserfaultFill => (0xaa03 + Any(6), Address(), Any(3), Length(), Status()),
            TraceEventKind.RemapFilePages => (Any(8), Any(16), Any(2) << 16, 0, Status()),
            TraceEventKind.Fault => (Any(5), 0, 0, 0, 0),
            TraceEventKind.Populate => (Any(8), 0, 0, 0, 0),
            TraceEventKind.Fallocate => (Address(), Length(), 0, 0, 0),
            TraceEventKind.StackFrame => (Any(8), Damage.Word(random), 0, 0, 0),
            _ => default,
        };
        (e.Arg2, e.Arg3, e.Arg4, e.Arg5, e.Result) = rest;
        Special(ref e);
        return e;
    }

    private void Special(ref TraceEvent e)
    {
        (ulong, ulong, object?) said = e.Kind switch
        {
            TraceEventKind.FileDefined => (0, 0, File()),
            TraceEventKind.TaskStart => (Any(9), Any(2) << 8, null),
            TraceEventKind.Fork => ((ulong)mm + 1 + Any(3), Any(2) << 8, Reuses()),
            TraceEventKind.Exec => (Any(2) == 0 ? 0 : (ulong)mm + 1, 0, Image()),
            TraceEventKind.Attach => (0, 0, Image()),
            TraceEventKind.Checkpoint => (Any(5), Any(2), Image()),
            TraceEventKind.CheckpointChange => (Any(5), Any(2), Change()),
            TraceEventKind.NotFollowed => (Any(9), Any(400), Any(2) == 0 ? null : "ioctl \e]0;x\a"),
            TraceEventKind.Prctl => (_prctl[Any(5)], Any(4), Any(2) == 0 ? null : "a name\u202e"),
            TraceEventKind.Lost or TraceEventKind.TaskExit or TraceEventKind.Mlockall or TraceEventKind.PkeyAlloc
                or TraceEventKind.PkeyFree => (Any(8), Any(4), null),
            TraceEventKind.UserfaultRelease => (Any(3), 0, null),
            TraceEventKind.UserfaultFork => (e.Arg0, Any(3), null),
            TraceEventKind.DriverMapping => (Damage.Word(random), Any(16), null),
            TraceEventKind.StackFrame => (Any(9), Any(8), null),
            TraceEventKind.FrameName => (Any(9), 0, Any(4) == 0 ? null : "guard\e]0;x\a(int, \u202e) (a.c:1)"),
            TraceEventKind.CalledFrom => (Any(9), 0, null),
            TraceEventKind.StackLimit => (Damage.Word(random), 0, null),
            TraceEventKind.Personality => (Any(2) << 22, 0, null),
            TraceEventKind.Fault => (e.Arg0, Any(8), null),
            TraceEventKind.Prepare => (e.Arg0, Any(5), null),
            TraceEventKind.Truncate => (Any(4), Length(), null),
            TraceEventKind.Fallocate => (Any(4), Any(64), null),
            TraceEventKind.None or TraceEventKind.MmExit or TraceEventKind.StackGrow or TraceEventKind.Populate
                or TraceEventKind.Brk or TraceEventKind.Munmap or TraceEventKind.Mmap or TraceEventKind.Mprotect
                or TraceEventKind.Mremap or TraceEventKind.Madvise or TraceEventKind.Mlock or TraceEventKind.Munlock
                or TraceEventKind.Munlockall or TraceEventKind.Shmat or TraceEventKind.Shmdt or TraceEventKind.Mseal
                or TraceEventKind.Mbind or TraceEventKind.UserfaultRegister or TraceEventKind.UserfaultUnregister
                or TraceEventKind.UserfaultFill or TraceEventKind.RemapFilePages => (e.Arg0, e.Arg1, null),
            _ => throw new NotSupportedException($"{e.Kind}: say here what such an event holds"),
        };
        (e.Arg0, e.Arg1, e.Payload) = said;
        e.Result = e.Kind is TraceEventKind.PkeyAlloc ? random.Next(16) : e.Result;
    }

    private ulong Any(int below) => (ulong)random.Next(below);

    private VmaImage? Vma() => image.Vmas.Count == 0 ? null : image.Vmas[random.Next(image.Vmas.Count)];

    private ulong Address() => Vma() is VmaImage vma && random.Next(10) > 0
        ? vma.Start + (Any((int)Math.Min((vma.End - vma.Start) >> Page.Shift, 64)) << Page.Shift)
        : Damage.Word(random);

    private ulong Length() => random.Next(10) switch
    {
        0 => Damage.Word(random),
        < 4 when Vma() is VmaImage vma => vma.End - vma.Start,
        _ => (Any(16) + 1) << Page.Shift,
    };

    private ulong MapFlags() => 1UL + Any(3) + (Any(2) << 4) + (Any(2) << 5) + (random.Next(6) == 0 ? 1UL << 15 : 0);

    private long Status() => random.Next(6) == 0 ? -random.Next(1, 40) : 0;

    private long Returned() => random.Next(8) == 0 ? -random.Next(1, 40) : (long)(Address() % Page.TaskSize & ~((ulong)Page.Size - 1));

    private FileIdentity File() => new(
        new FileId(random.Next(1, 8)), (FileKind)random.Next(7), 8 << 20, Any(4), Length(), "/lib/\u2067x", (FileModes)random.Next(8));

    private MmImage Image() => random.Next(3) == 0 ? Damage.Image(image, random) : image with { Flags = (MmFlags)random.Next(16) };

    private ForkReuses? Reuses() => random.Next(2) == 0
        ? null
        : new ForkReuses([.. image.Vmas.Where(_ => random.Next(3) == 0).Select(vma => new ForkReuse(vma.Start, random.Next(-1, 3)))]);

    private RawChange Change()
    {
        AnonVmaImage[] told = [.. image.AnonVmas.Where(_ => random.Next(4) == 0)];
        long[] differences = [.. Enumerable.Range(0, 6).Select(_ => random.Next(3) == 0 ? (long)(Any(9) << Page.Shift) : 0)];
        List<RawEdit> edits = [];
        int at = 0;
        for (int left = random.Next(4); left > 0 && at < image.Vmas.Count; left--)
        {
            int kept = random.Next(image.Vmas.Count - at);
            int dropped = random.Next(Math.Min(image.Vmas.Count - at - kept, 3) + 1);
            at += kept;
            ulong before = at == 0 ? 0 : image.Vmas[at - 1].End;
            List<RawAddedVma> added = [.. Enumerable.Range(at, random.Next(dropped + 1)).Select(Added)];
            at += dropped;
            edits.Add(new RawEdit(kept + (random.Next(30) == 0 ? 1 : 0), dropped, added, before));
        }

        return new RawChange(differences, told, edits);
    }

    // In the place of one that goes: another end, other flags, a chain of its own or that goes on as some other's.
    private RawAddedVma Added(int at)
    {
        VmaImage old = image.Vmas[at];
        ulong[] ids = [.. image.AnonVmas.Select(node => node.Id)];
        ulong own = ids.Length == 0 ? 0 : ids[random.Next(ids.Length)];
        VmaImage vma = random.Next(4) switch
        {
            0 => old with { Flags = (VmaFlags)Damage.Word(random), Chain = [] },
            1 => old with { End = old.Start + Page.Size, Chain = [] },
            2 => old with { AnonVma = own, Chain = [own] },
            _ => old with { Chain = [] },
        };
        int donor = random.Next(3) == 0 ? random.Next(image.Vmas.Count + 1) : old.Chain.Count > 0 ? at + 1 : 0;
        return new RawAddedVma(vma, donor, donor > 0 && random.Next(4) == 0 ? random.Next(3) : 0);
    }
}
