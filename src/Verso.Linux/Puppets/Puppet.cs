using System.Text;
using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>
/// A process that does what it is told: system calls, accesses, forks. It has one VMA of its own, from <see
/// cref="ImageStart"/> to <see cref="ImageEnd"/>, shared and without an anon_vma, that a scenario must leave alone.
/// </summary>
/// <remarks>
/// Between steps a puppet stands still. A step is made by the kernel as for any process: a call is a call, an access is
/// an access in user mode. An outcome is a value; nothing here throws for what the kernel says or does to a puppet.
/// </remarks>
public sealed unsafe partial class Puppet
{
    /// <summary>Where the VMA that all puppets have starts and ends.</summary>
    public const ulong ImageStart = PuppetImage.Start;

    /// <inheritdoc cref="ImageStart"/>
    public const ulong ImageEnd = PuppetImage.End;

    /// <summary>Where <see cref="Operands"/> are for the puppets.</summary>
    public const ulong OperandsAddress = PuppetImage.Operands;

    private const ulong Harmless = PuppetImage.Block + 0x800;
    private const ulong LongestInstruction = 15;

    private readonly PuppetTheatre _theatre;
    private readonly ControlBlock* _block;
    private PuppetOutcome? _end;

    internal Puppet(PuppetTheatre theatre, int pid)
    {
        _theatre = theatre;
        _block = theatre.Memory.Block;
        Pid = pid;
    }

    public int Pid { get; }

    /// <summary>Whether it can take a step. One that was killed from outside cannot.</summary>
    public bool IsAlive
    {
        get
        {
            _theatre.RequireOwnThread();
            if (_end is null && Tracer.IsGone(Pid, _theatre.Watchdog, out var stop))
            {
                End(stop);
            }

            return _end is null;
        }
    }

    /// <summary>
    /// Memory for operands and results of calls, 16 KiB at <see cref="OperandsAddress"/>. It is one for all puppets of
    /// a theatre: what a call needs is written just before it.
    /// </summary>
    public Span<byte> Operands => _theatre.Memory.Operands;

    /// <summary>
    /// Makes any system call but those that make, replace or end a process, for which there are verbs.
    /// </summary>
    public PuppetOutcome Call(
        long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0)
    {
        Invariant.Require(!SystemCallNumber.ChangesProcess(number));
        return TryBegin(out var outcome) ? OutcomeOf(RunCall(number, a, b, c, d, e, f)) : outcome;
    }

    /// <summary>
    /// Makes one system call many times in one step, ending with the first that does not return 0, whose result it is.
    /// </summary>
    /// <param name="number">The call, of three arguments; none that makes, replaces or ends a process.</param>
    /// <param name="a">The first argument of the first call.</param>
    /// <param name="stride">By so much it is larger in each further one.</param>
    /// <param name="count">How many calls.</param>
    /// <param name="b">The second argument.</param>
    /// <param name="c">The third.</param>
    public PuppetOutcome CallEach(long number, ulong a, ulong stride, int count, ulong b, ulong c)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Invariant.Require(!SystemCallNumber.ChangesProcess(number));
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        _block->Number = number;
        _block->First = a;
        _block->Second = b;
        _block->Third = c;
        _block->Fourth = stride;
        _block->Fifth = (ulong)count;
        return OutcomeOf(Run(PuppetImage.Shared.CallEach));
    }

    /// <summary>Reads the byte at an address.</summary>
    public PuppetOutcome Load(ulong address)
    {
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        _block->First = address;
        return OutcomeOf(Run(PuppetImage.Shared.Load));
    }

    /// <summary>Writes the byte at an address.</summary>
    public PuppetOutcome Store(ulong address, byte value)
    {
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        _block->First = address;
        _block->Second = value;
        return OutcomeOf(Run(PuppetImage.Shared.Store));
    }

    /// <summary>
    /// Executes the instruction at an address, whatever it is. Done says that it was fetched: that the page may be
    /// executed. With memory of zeros that instruction adds 0 to a byte that no one uses. On x86 even a refused fetch
    /// makes an absent page present if it may be read (access_error in arch/x86/mm/fault.c takes it for a read).
    /// </summary>
    public PuppetOutcome Execute(ulong address)
    {
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        var registers = _theatre.Registers;
        registers.GoToUnknown(address, Harmless);
        Tracer.SetRegisters(Pid, registers);
        _block->Done = 0;
        _executing = address;
        var stop = Resume();
        _executing = null;
        if (stop.IsEnd)
        {
            return _end!.Value;
        }

        if (stop.Kind == StopKind.Interruption)
        {
            return PuppetOutcome.Blocked;
        }

        var isFetch = stop.Kind == StopKind.Signal
            && _fault.Signal is (Libc.SignalSegment or Libc.SignalBus)
            && (_fault.Address - address < LongestInstruction || !IsCanonical(address));
        return isFetch ? _fault : PuppetOutcome.Done(0);
    }

    /// <summary>Opens a file. The result is the descriptor in the puppet.</summary>
    /// <param name="path">As the tool sees it; at most 4095 bytes.</param>
    /// <param name="flags">O_*</param>
    /// <param name="mode">For O_CREAT.</param>
    public PuppetOutcome Open(string path, int flags, int mode = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        const ulong CurrentDirectory = unchecked((ulong)-100);
        var length = Encoding.UTF8.GetBytes(path, Operands);
        Operands[length] = 0;
        return Call(SystemCallNumber.Openat, CurrentDirectory, OperandsAddress, (ulong)flags, (ulong)mode);
    }

    /// <summary>prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME): names anonymous memory (since 5.17).</summary>
    /// <param name="start">First byte address.</param>
    /// <param name="bytes">Length.</param>
    /// <param name="name">Null takes the name away.</param>
    public PuppetOutcome SetName(ulong start, ulong bytes, string? name) => Do(new Call(CallKind.Prctl)
    {
        Arg0 = (ulong)MemoryControl.SetVma,
        Arg2 = start,
        Arg3 = bytes,
        Text = name,
    });

    public override string ToString() => $"test process {Pid}";

    private static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;
}
