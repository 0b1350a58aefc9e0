using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.LockStep;

// Limits of puppets: rlimits, to which the puppet's own pages are added, and vm.max_map_count.
public sealed partial class KernelStage
{
    private const ulong ResourceData = 2;
    private const ulong ResourceMemlock = 8;
    private const ulong ResourceAddressSpace = 9;
    private const uint CapabilityVersion3 = 0x20080522;
    private const uint IpcLock = 1u << 14;

    private const ulong ImageBytes = Puppet.ImageEnd - Puppet.ImageStart;

    private Puppet? _full;
    private int _filling;
    private MmLimits _limits = MmLimits.Unlimited;

    private ulong FillingBytes => (ulong)_filling * Page.Size;

    /// <summary>What each process has that no scenario gave it, in bytes.</summary>
    internal ulong OwnBytes => ImageBytes + FillingBytes;

    /// <summary>Whether a VMA that begins at this byte address is part of that, or the vsyscall page.</summary>
    internal bool IsOwn(ulong start) => start is < Puppet.ImageEnd or >= Page.TaskSize
        || (start >= Filler.Start && start - Filler.Start < FillingBytes);

    /// <summary>Why no address space can be full here, in one line; null if one can.</summary>
    public static string? WhyNotFull() => Filler.Unavailable();

    private static int RequireFilling(int maxMaps) => Filler.Unavailable() is string reason
        ? throw new KernelStageException(reason)
        : Filler.Count(maxMaps);

    /// <summary>Filling takes a third of a second, a fork of what is filled a tenth of that.</summary>
    private Puppet FullTemplate()
    {
        if (_full is null)
        {
            _ = _template.Fork(out Puppet? full);
            Filler.Fill(full ?? throw new KernelStageException("the template does not fork"), 0, Filler.Base());
            _full = full;
        }

        return _full;
    }

    /// <summary>All who share an address space have its limits: the engine knows no others.</summary>
    private void Limit(Actor actor, MmLimits limits)
    {
        actor.Limits = limits;
        foreach (Puppet puppet in actor.Sharers.Append(actor.Puppet))
        {
            Limit(puppet, limits);
        }
    }

    private void Limit(Puppet puppet, MmLimits limits)
    {
        SetLimit(puppet, ResourceAddressSpace, limits.AddressSpaceBytes, ImageBytes + FillingBytes);
        SetLimit(puppet, ResourceData, limits.DataBytes, 0);
        if (limits.MemlockBytes != MmLimits.None)
        {
            SetLimit(puppet, ResourceMemlock, limits.MemlockBytes, 0);
        }

        LetLock(puppet, limits.MemlockBytes == MmLimits.None);
    }

    /// <summary>
    /// mlockall counts and locks the puppet's own pages with the others: the limit is raised by them for the call, and
    /// they are unlocked after it.
    /// </summary>
    private PuppetOutcome LockAll(Actor actor, in Call call)
    {
        ulong bytes = actor.Limits.MemlockBytes;
        bool isLimited = bytes is not (MmLimits.None or 0);
        if (isLimited)
        {
            SetLimit(actor.Puppet, ResourceMemlock, bytes, ImageBytes + FillingBytes);
        }

        PuppetOutcome locked = actor.Puppet.Do(call);
        if (isLimited)
        {
            SetLimit(actor.Puppet, ResourceMemlock, bytes, 0);
        }

        PuppetOutcome unlocked = actor.Puppet.Call(SystemCallNumber.Munlock, Puppet.ImageStart, ImageBytes);
        PuppetOutcome filling = actor.Puppet.Call(SystemCallNumber.Munlock, Filler.Start, FillingBytes);
        return unlocked.Error == 0 && filling.Error == 0
            ? locked
            : throw new KernelStageException($"a test process cannot unlock its own pages: {unlocked}, {filling}");
    }

    /// <summary>exec builds a stack under the limits, and gives root its capabilities back.</summary>
    private PuppetOutcome ExecUnlimited(Actor actor)
    {
        bool isLimited = actor.Limits != MmLimits.Unlimited;
        if (isLimited)
        {
            Limit(actor.Puppet, MmLimits.Unlimited);
        }

        PuppetOutcome executed = actor.Puppet.Exec();
        if (_filling != 0 && executed.Error == 0)
        {
            Filler.Fill(actor.Puppet, 0, _filling);
        }

        if (isLimited)
        {
            Limit(actor.Puppet, actor.Limits);
        }

        return executed;
    }

    /// <summary>The soft limit alone: the hard one cannot be raised again everywhere.</summary>
    private static void SetLimit(Puppet puppet, ulong resource, ulong bytes, ulong own)
    {
        Span<ulong> limit = MemoryMarshal.Cast<byte, ulong>(puppet.Operands);
        PuppetOutcome read = puppet.Call(
            SystemCallNumber.Prlimit64, 0, resource, 0, Puppet.OperandsAddress);
        limit[0] = bytes == MmLimits.None ? limit[1] : bytes + own;
        PuppetOutcome written = puppet.Call(SystemCallNumber.Prlimit64, 0, resource, Puppet.OperandsAddress);
        if (read.Error != 0 || written.Error != 0)
        {
            string name = resource switch
            {
                ResourceMemlock => "locked memory (ulimit -Hl)",
                ResourceData => "data (ulimit -Hd)",
                _ => "address space (ulimit -Hv)",
            };
            throw new KernelStageException(
                $"the hard limit of {name} is {limit[1]} B, and a test process needs {limit[0]} B: raise it");
        }
    }

    /// <summary>CAP_IPC_LOCK, effective or not: it lifts RLIMIT_MEMLOCK.</summary>
    private static void LetLock(Puppet puppet, bool isFree)
    {
        const int DataOffset = 2;
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(puppet.Operands);
        words[0] = CapabilityVersion3;
        words[1] = 0;
        ulong data = Puppet.OperandsAddress + (DataOffset * sizeof(uint));
        PuppetOutcome read = puppet.Call(SystemCallNumber.Capget, Puppet.OperandsAddress, data);
        uint effective = words[DataOffset];
        uint permitted = words[DataOffset + 1];
        words[0] = CapabilityVersion3;
        words[DataOffset] = isFree ? effective | (permitted & IpcLock) : effective & ~IpcLock;
        PuppetOutcome written = puppet.Call(SystemCallNumber.Capset, Puppet.OperandsAddress, data);
        if (read.Error != 0 || written.Error != 0)
        {
            throw new KernelStageException($"a test process cannot change its capabilities: {read}, {written}");
        }
    }
}
