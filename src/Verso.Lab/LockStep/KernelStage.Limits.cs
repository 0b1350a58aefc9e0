using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.LockStep;

// Resource limits of puppets (prlimit). The puppet's own pages come on top of what a scenario says.
public sealed partial class KernelStage
{
    private const ulong ResourceData = 2;
    private const ulong ResourceMemlock = 8;
    private const ulong ResourceAddressSpace = 9;
    private const uint CapabilityVersion3 = 0x20080522;
    private const uint IpcLock = 1u << 14;

    private static void Limit(Actor actor, MmLimits limits)
    {
        actor.Limits = limits;
        ulong own = Puppet.ImageEnd - Puppet.ImageStart;
        SetLimit(actor.Puppet, ResourceAddressSpace, limits.AddressSpaceBytes, own);
        SetLimit(actor.Puppet, ResourceData, limits.DataBytes, 0);
        if (limits.MemlockBytes != MmLimits.None)
        {
            SetLimit(actor.Puppet, ResourceMemlock, limits.MemlockBytes, 0);
        }

        LetLock(actor.Puppet, limits.MemlockBytes == MmLimits.None);
    }

    /// <summary>exec builds a stack under the limits, and gives root its capabilities back.</summary>
    private static PuppetOutcome ExecUnlimited(Actor actor)
    {
        MmLimits limits = actor.Limits;
        if (limits == MmLimits.Unlimited)
        {
            return actor.Puppet.Exec();
        }

        Limit(actor, MmLimits.Unlimited);
        PuppetOutcome executed = actor.Puppet.Exec();
        Limit(actor, limits);
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
            throw new KernelStageException($"a puppet cannot be limited: {read}, {written}");
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
            throw new KernelStageException($"a puppet's capabilities cannot be changed: {read}, {written}");
        }
    }
}
