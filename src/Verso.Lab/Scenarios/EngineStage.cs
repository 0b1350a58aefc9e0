using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Playing;

namespace Verso.Lab.Scenarios;

/// <summary>Takes the steps of a scenario on a machine.</summary>
public sealed partial class EngineStage : StepTaker<Op, Outcome>, IStage, ISituation
{
    /// <summary>Of the segment; no file of a window has it.</summary>
    private const ulong SegmentInode = 1 << 20;

    private readonly Dictionary<char, FileId> _files = [];
    private readonly Dictionary<FileId, string> _letters = [];
    private readonly HashSet<char> _stored = [];
    private readonly SortedDictionary<char, MmId> _mms = [];
    private readonly MmImage _beginning;
    private readonly MmLimits _limits;
    private readonly bool _program;

    /// <param name="design">The design of the machine.</param>
    /// <param name="scenario">Whose options the machine gets.</param>
    /// <param name="rules">Which kernel's; null for the machine's default.</param>
    /// <param name="host">On what that kernel runs; null: on what the scenario was written for.</param>
    /// <param name="limits">What the machine may take, what ends a step, whose structs are counted.</param>
    public EngineStage(
        Catalogue.Entry design,
        Scenario scenario,
        KernelRules? rules = null,
        HostTraits? host = null,
        MachineOptions? limits = null)
    {
        Window = new Window(scenario.PagesPerUnit);
        HostTraits traits = host ?? scenario.Host;
        MachineOptions options = (limits ?? new MachineOptions()) with
        {
            Contents = PageContents.Bytes,
            LazyFree = scenario.LazyFree,
            Names = traits.Names,
            ProtectionKeys = traits.Keys,
            ZeroPages = traits.Zeroes,
            Vdso = traits.Vdso,
            FilePlacement = traits.Files,
            OvercommitMode = traits.OvercommitMode,
            CommittablePages = traits.MemoryPages,
            Failure = Failure,
            Rules = rules ?? KernelRules.Linux61844,
        };
        Machine = design.Create(scenario.MaxMaps == 0 ? options : options with { MaxMapCount = scenario.MaxMaps });
        _limits = scenario.Limits;
        foreach (WindowFile file in scenario.Files)
        {
            _files[file.Letter] = Machine.OpenFile(
                file.Kind, WindowFile.Device, (ulong)file.Inode, Window.BytesOfHalves(file.Halves), file.Modes);
            _letters[_files[file.Letter]] = $"{file.Letter}";
            _ = file.IsStored && _stored.Add(file.Letter);
        }

        _program = scenario.Beginning == Beginning.Program;
        _beginning = new MmImage
        {
            Vmas = [],
            AnonVmas = [],
            StartBrk = Window.Address(Scenarios.Window.HeapPage),
            Brk = Window.Address(Scenarios.Window.HeapPage),
            MmapBase = Window.Address(Scenarios.Window.Pages),
            StackLimitBytes = Scenarios.Window.StackLimit,
        };
        if (_program)
        {
            CacheProgram();
        }

        Restart();
    }

    /// <inheritdoc/>
    public override Machine Machine { get; }

    public Window Window { get; }

    public NthAllocationFails Failure { get; } = new();

    /// <summary>The live address spaces by letter.</summary>
    public IReadOnlyDictionary<char, MmId> Mms => _mms;

    IEnumerable<char> ISituation.Mms => _mms.Keys;

    /// <inheritdoc/>
    public override IEnumerable<PlayedSpace> Spaces => _mms.Select(each => new PlayedSpace($"{each.Key}", each.Value));

    /// <summary>The open file behind a letter.</summary>
    public FileId FileOf(char letter) => _files[letter];

    /// <summary>Ends every process and begins with a new one. Files keep what they hold.</summary>
    public void Restart()
    {
        EndAll();
        Invariant.Require(Begin(out MmId first) == Errno.None);
        _mms['A'] = first;
    }

    /// <summary>Ends every process.</summary>
    public void EndAll()
    {
        foreach (char letter in _mms.Keys.ToArray())
        {
            while (_mms.ContainsKey(letter))
            {
                Release(letter);
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<long> PagesOf(char mm)
    {
        foreach (VmaId id in Machine.World.Mms[_mms[mm]].Vmas.Ids)
        {
            ref Vma vma = ref Machine.World.Vmas[id];
            long first = Math.Max(Window.PageOf(vma.Start), -Scenarios.Window.PagesAround);
            long end = Math.Min(Window.PageOf(vma.End), Scenarios.Window.Pages + Scenarios.Window.PagesAround);
            for (long page = first; page < end; page++)
            {
                yield return page;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsMapped(char mm, long page) => PagesOf(mm).Contains(page);

    /// <inheritdoc/>
    public bool IsPossible(Op op) => op.Kind switch
    {
        OpKind.Truncate or OpKind.Punch => _stored.Contains(op.Mm),
        OpKind.Fail => true,
        OpKind.Begin => !_mms.ContainsKey(op.Mm),
        OpKind.Fork => _mms.ContainsKey(op.Mm) && !_mms.ContainsKey(op.Other),
        OpKind.Exec => _mms.TryGetValue(op.Mm, out MmId mm) && MayExec(Machine.World.Mms[mm])
            && (Machine.World.Mms[mm].Users == 1 || !_mms.ContainsKey(Op.LeftBehind(op.Mm))),
        OpKind.File => _mms.ContainsKey(op.Mm) && _files.ContainsKey(op.Other),
        _ => _mms.ContainsKey(op.Mm),
    };

    /// <summary>A puppet's image is written and executed in one VMA, which PR_SET_MDWE forbids.</summary>
    private static bool MayExec(Mm mm) =>
        (MmFlagRules.Inherited(mm.Flags) & MmFlags.DenyExecGain) == 0;

    /// <inheritdoc/>
    public MmImage Capture(char mm) => Machine.Capture(_mms[mm]);

    /// <inheritdoc/>
    public void ReadPages(char mm, long first, Span<PageCell> cells)
    {
        for (int at = 0; at < cells.Length; at++)
        {
            PageView view = Machine.PageAt(_mms[mm], Window.AccessAddress(first + at));
            bool isOfFile = view.Presence == PagePresence.Present && !view.Anonymous;
            byte value = view.Presence == PagePresence.Present
                ? Machine.World.Frames.Bytes(view.Frame)[Scenarios.Window.ByteInPage]
                : (byte)0;
            cells[at] = isOfFile ? default : new PageCell(view.Presence, view.MapCount, view.Exclusive, value);
        }
    }

    /// <inheritdoc/>
    public string? NameOf(VmaImage vma) => vma.File.IsNone ? null
        : _letters.TryGetValue(vma.File, out string? letter) ? letter
        : _program && Machine.DescribeFile(vma.File).Inode == ProgramImage.Inode ? ProgramImage.Name
        : "shared";

    /// <inheritdoc/>
    public override Outcome Take(in Op step) => Do(step);

    /// <inheritdoc/>
    public Outcome Do(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Truncate:
                Machine.Truncate(_files[op.Mm], Window.BytesOfHalves(op.Start));
                return default;
            case OpKind.Punch:
                Machine.PunchHole(_files[op.Mm], Window.Bytes(op.Start), Window.Bytes(op.Count));
                return default;
            case OpKind.Fail:
                return default;
            case OpKind.Begin:
                Errno begun = Begin(out MmId fresh);
                _mms[op.Mm] = fresh;
                return new Outcome(begun);
        }

        MmId mm = _mms[op.Mm];
        switch (op.Kind)
        {
            case OpKind.Fork:
                SyscallResult forked = Machine.Fork(mm, out MmId child);
                if (forked.Errno == Errno.None)
                {
                    _mms[op.Other] = child;
                }

                return new Outcome(forked.Errno);
            case OpKind.Share:
                Machine.ShareMm(mm);
                return default;
            case OpKind.Exit:
                Release(op.Mm);
                return default;
            case OpKind.Limit:
                Machine.SetLimits(mm, StageRequests.Limits(op, Machine.LimitsOf(mm)));
                return default;
            case OpKind.Exec:
                return Exec(op.Mm);
            case OpKind.Read:
                FaultOutcome read = Machine.ReadByte(mm, Window.AccessAddress(op.Start), out byte value);
                return new Outcome(Errno.None, 0, read, read == FaultOutcome.Done ? value : (byte)0);
            case OpKind.Run:
                return new Outcome(
                    Errno.None, 0, Machine.Fault(mm, Window.RunAddress(op.Start), FaultAccess.Execute));
            case OpKind.SwapOut:
                return new Outcome(Machine.SwapOut(mm, Window.AccessAddress(op.Start)));
            case OpKind.Migrate:
                return new Outcome(Machine.Migrate(mm, Window.AccessAddress(op.Start)));
            case OpKind.Retract:
                return new Outcome(Retract(mm, Window.Address(op.Start)));
            case OpKind.Write:
                return new Outcome(Errno.None, 0, Machine.WriteByte(mm, Window.AccessAddress(op.Start), op.Value));
            default:
                SyscallResult result = Call(mm, op);
                bool hasAddress = result.Errno == Errno.None && op.ReturnsAddress;
                return new Outcome(result.Errno, hasAddress ? Window.PageOf(result.Value) : 0);
        }
    }

    /// <summary>Releases one user of an address space.</summary>
    public void Release(char letter)
    {
        MmId mm = _mms[letter];
        Machine.ReleaseMm(mm);
        if (!Machine.World.Mms.IsLive(mm))
        {
            CloseContexts(letter, mm);
            _mms.Remove(letter);
        }
    }

    /// <summary>
    /// EFAULT: no file is mapped there. EINVAL: not where 512 of its pages begin. EBUSY: a VMA that maps them keeps its
    /// page table, which may hold more than can be read from the file again.
    /// </summary>
    private Errno Retract(MmId id, ulong address)
    {
        VmaId found = Machine.World.Mms[id].Vmas.Lookup(address);
        if (found.IsNone || Machine.World.Vmas[found].File.IsNone)
        {
            return Errno.EFAULT;
        }

        Vma vma = Machine.World.Vmas[found];
        ulong pgoff = vma.PgoffAt(address);
        return pgoff % (ulong)Scenario.HugePage != 0 ? Errno.EINVAL
            : Machine.RetractTables(vma.File, pgoff).Refused > 0 ? Errno.EBUSY
            : Errno.None;
    }

    /// <summary>Linux opens the segment anew for every attachment.</summary>
    private SyscallResult Attach(MmId mm, in Call call, Op op)
    {
        bool isWritten = op.Protection.HasFlag(Protection.Write);
        FileId attachment = Machine.OpenFile(
            FileKind.SharedMemory,
            WindowFile.Device,
            SegmentInode,
            Window.BytesOfHalves(Scenarios.Window.SegmentHalves),
            isWritten ? FileModes.Read | FileModes.Write : FileModes.Read);
        SyscallResult attached = Machine.Apply(mm, call with { File = attachment });
        Machine.CloseFile(attachment);
        return attached;
    }

    private SyscallResult Call(MmId mm, Op op)
    {
        if (StepCalls.Of(op, Window) is not Call call)
        {
            return CallUserfault(mm, op, StageRequests.Start(op, Window), StageRequests.Length(op, Window));
        }

        return call.Kind switch
        {
            CallKind.Mmap when op.Kind == OpKind.File => Machine.Apply(mm, call with { File = _files[op.Other] }),
            CallKind.Shmat => Attach(mm, call, op),
            CallKind.Mbind => Machine.Apply(mm, call with { Arg2 = (ulong)(uint)PolicyOf(op.Value) }),
            _ => Machine.Apply(mm, call),
        };
    }

    /// <summary>
    /// MPOL_MAX and above are no modes; MPOL_PREFERRED of no node is MPOL_LOCAL (mpol_new).
    /// </summary>
    private static int PolicyOf(byte mode) => mode switch
    {
        1 => 4,
        < 7 => mode,
        _ => MbindCall.UnknownPolicy,
    };
}
