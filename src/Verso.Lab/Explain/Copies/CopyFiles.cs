using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.Explain.Copies;

/// <summary>Maps what is behind the sides of a situation: files, segments, drivers' memory.</summary>
internal sealed class CopyFiles(SituationCopy copy)
{
    private const int OpenReadWrite = 2;
    private const int RingEntries = 8192;
    private const ulong MapVdso = 0x2003;
    private const ulong AttachReadOnly = 0x1000;
    private const ulong AttachExecutable = 0x8000;
    private const int PerfAttributeBytes = 136;

    private readonly Dictionary<(int, Backing), int> _open = [];

    private CopyCalls Calls => copy.Calls;

    /// <summary>Maps a side with the access that it shall have.</summary>
    public void Map(CopyRange range, SituationSide side, ulong pgoff) => Map(range, side, pgoff, side.Protection);

    /// <summary>Maps a side, with this access at first.</summary>
    public void Map(CopyRange range, SituationSide side, ulong pgoff, Protection access)
    {
        switch (side.Backing)
        {
            case Backing.Anonymous:
                Calls.Map(range, access, FlagsOf(side) | MapFlags.Anonymous, -1, 0);
                break;
            case Backing.HugeTlb:
                Calls.Map(range, access, FlagsOf(side) | MapFlags.Anonymous | MapFlags.HugeTlb, -1, 0);
                break;
            case Backing.Segment:
                Attach(range, side);
                break;
            case Backing.IoUring:
                // io_uring takes no address (io_uring_get_unmapped_area): what it is beside goes where it is.
                copy.MoveTo(Calls.Map(range with { Start = 0 }, access, MapFlags.Shared, Open(side), 0) - range.Start
                    + copy.Lower.Start);
                break;
            case Backing.PerfEvents:
                Calls.Map(range, access, FlagsOf(side), Open(side), 0);
                break;
            case Backing.Driver:
                throw new NotCopiedException($"a driver's mapping: {side.Driver}");
            default:
                Calls.Map(range, access, FlagsOf(side), Open(side), pgoff);
                break;
        }
    }

    /// <summary>Maps vdso and vvar, and finds those that are wanted: a pair, the first or the last.</summary>
    public void MapKernelPages()
    {
        Calls.Do("ARCH_MAP_VDSO_64", SystemCallNumber.ArchPrctl, MapVdso, SituationCopy.Start);
        VmaImage[] vmas =
            [.. Calls.Capture().Vmas.Where(vma => (vma.Flags & VmaFlags.Special) != 0 && vma.File.IsNone)];
        (SituationSide lower, SituationSide upper) = (copy.Situation.Lower, copy.Situation.Upper);
        for (int at = 0; at <= vmas.Length; at++)
        {
            CopyRange? below = at == 0 ? null : RangeOf(vmas[at - 1]);
            CopyRange? above = at == vmas.Length ? null : RangeOf(vmas[at]);
            if (IsLike(below is null ? null : vmas[at - 1], lower) && IsLike(above is null ? null : vmas[at], upper))
            {
                ulong boundary = above?.Start ?? below!.Value.End;
                copy.Lower = below ?? copy.Lower with { Start = boundary - copy.Lower.Bytes };
                copy.Upper = above ?? copy.Upper with { Start = boundary };
                return;
            }
        }

        throw new NotCopiedException("pages of the kernel's that a puppet has not");
    }

    private static CopyRange RangeOf(VmaImage vma) => new(vma.Start, vma.End - vma.Start);

    // Nothing of the kernel's there, and nothing wanted; or what is wanted.
    private static bool IsLike(VmaImage? vma, SituationSide side) => vma is null
        ? side.Backing != Backing.KernelPages
        : side.Backing == Backing.KernelPages && (vma.Flags & ~Situation.IgnoredFlags) == side.Flags;

    private static MapFlags FlagsOf(SituationSide side)
    {
        MapFlags kind = (side.Flags & VmaFlags.Droppable) != 0 ? MapFlags.Droppable
            : side.IsShared ? MapFlags.Shared
            : MapFlags.Private;
        return kind | MapFlags.Fixed
            | ((side.Flags & VmaFlags.NoReserve) != 0 ? MapFlags.NoReserve : 0)
            | ((side.Flags & VmaFlags.GrowsDown) != 0 ? MapFlags.GrowsDown : 0);
    }

    private int Open(SituationSide side)
    {
        if (!_open.TryGetValue((side.File, side.Backing), out int descriptor))
        {
            bool isReadOnly = side.IsShared && (side.Flags & VmaFlags.MayWrite) == 0;
            int mode = isReadOnly ? 0 : OpenReadWrite;
            descriptor = side.Backing switch
            {
                Backing.Zero => Opened("/dev/zero", mode),
                Backing.SharedMemory => OpenMemory(mode),
                Backing.IoUring => OpenRing(),
                Backing.PerfEvents => OpenPerf(),
                _ => Opened(copy.Stage.PathOf(side.File), mode),
            };
            _open.Add((side.File, side.Backing), descriptor);
        }

        return descriptor;
    }

    private int Opened(string path, int mode)
    {
        PuppetOutcome opened = Calls.Puppet.Open(path, mode);
        return opened.Error == 0 ? (int)opened.Result : throw new NotCopiedException($"{path}: {opened}");
    }

    private int OpenMemory(int mode)
    {
        "copy\0"u8.CopyTo(Calls.Puppet.Operands);
        int memory = (int)Calls.Do("memfd_create", SystemCallNumber.MemfdCreate, Puppet.OperandsAddress);
        Calls.Do("ftruncate", SystemCallNumber.Ftruncate, (ulong)memory, (ulong)CopyStage.SharedBytes);
        return mode == OpenReadWrite ? memory : Opened($"/proc/self/fd/{memory}", mode);
    }

    private int OpenRing()
    {
        Calls.Puppet.Operands[..256].Clear();
        return (int)Calls.Do("io_uring_setup", SystemCallNumber.IoUringSetup, RingEntries, Puppet.OperandsAddress);
    }

    // A software event that counts nothing.
    private int OpenPerf()
    {
        Span<ulong> attribute = MemoryMarshal.Cast<byte, ulong>(Calls.Puppet.Operands)[..(PerfAttributeBytes / 8)];
        const ulong Software = 1;
        const ulong Dummy = 9;
        attribute.Clear();
        attribute[0] = Software | ((ulong)PerfAttributeBytes << 32);
        attribute[1] = Dummy;
        return (int)Calls.Do(
            "perf_event_open",
            SystemCallNumber.PerfEventOpen,
            Puppet.OperandsAddress,
            0,
            ulong.MaxValue,
            ulong.MaxValue,
            0);
    }

    private void Attach(CopyRange range, SituationSide side)
    {
        ulong flags = ((side.Flags & VmaFlags.MayWrite) == 0 ? AttachReadOnly : 0)
            | ((side.Flags & VmaFlags.Exec) != 0 ? AttachExecutable : 0);
        Calls.Do("shmat", SystemCallNumber.Shmat, (ulong)copy.MakeSegment(range.Bytes).Id, range.Start, flags);
    }
}
