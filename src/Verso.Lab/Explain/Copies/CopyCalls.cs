using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.Explain.Copies;

/// <summary>The calls of one puppet. What the kernel refuses is a <see cref="NotCopiedException"/>.</summary>
/// <param name="puppet">Who makes them.</param>
/// <param name="graph">Reads what came of them.</param>
internal sealed class CopyCalls(Puppet puppet, GraphReader graph)
{
    private const ulong OnFault = 1;
    private const ulong UserfaultInterface = 0xaa;
    private const ulong UserfaultHandshake = 0xc018aa3f;
    private const ulong UserfaultRegister = 0xc020aa00;
    private const ulong UserfaultUnregister = 0x8010aa01;

    /// <summary>Policies that differ from each other, each for node 0: preferred, bind, interleave.</summary>
    private static readonly ulong[] _policies = [0, 1, 2, 3];

    public Puppet Puppet => puppet;

    public MmImage Capture() => graph.Read(puppet.Pid) ?? throw new NotCopiedException("the puppet is gone");

    public VmaFlags FlagsAt(ulong address) =>
        Capture().Vmas.FirstOrDefault(vma => vma.Start <= address && address < vma.End)?.Flags
        ?? throw new NotCopiedException("nothing is mapped");

    public ulong Map(CopyRange range, Protection protection, MapFlags flags, int descriptor, ulong pgoff) =>
        Do(Ranged(CallKind.Mmap, range) with
        {
            Arg2 = (ulong)protection,
            Arg3 = (ulong)flags,
            Arg4 = unchecked((ulong)descriptor),
            Arg5 = pgoff << Page.Shift,
        });

    public void Protect(CopyRange range, Protection protection) =>
        Do(Ranged(CallKind.Mprotect, range) with { Arg2 = (ulong)protection, Arg3 = ulong.MaxValue });

    public void Advise(CopyRange range, Advice advice) =>
        Do(Ranged(CallKind.Madvise, range) with { Arg2 = (ulong)advice });

    public void Unmap(CopyRange range) => Do(Ranged(CallKind.Munmap, range));

    public void Move(CopyRange range, ulong target) => Do(Ranged(CallKind.Mremap, range) with
    {
        Arg2 = range.Bytes,
        Arg3 = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed),
        Arg4 = target,
    });

    /// <summary>What ends where a range ends takes so many bytes more.</summary>
    public void Grow(CopyRange range, ulong bytes) => Do(
        Ranged(CallKind.Mremap, new CopyRange(range.End - Page.Size, Page.Size)) with { Arg2 = Page.Size + bytes });

    /// <summary>mlock, mlock2 or munlock. What may not be read is locked all the same, and not populated.</summary>
    public void Lock(CopyRange range, VmaFlags how)
    {
        if (how == VmaFlags.None)
        {
            Do(Ranged(CallKind.Munlock, range));
            return;
        }

        ulong flags = (how & VmaFlags.LockOnFault) != 0 ? OnFault : 0;
        PuppetOutcome outcome = puppet.Do(Ranged(CallKind.Mlock, range) with { Arg2 = flags });
        if (outcome.Error is not (0 or (int)Errno.ENOMEM))
        {
            throw new NotCopiedException($"mlock2: {outcome}");
        }
    }

    public void Seal(CopyRange range) => Do(Ranged(CallKind.Mseal, range));

    public void SetPolicy(CopyRange range, int policy) =>
        Do(Ranged(CallKind.Mbind, range) with { Arg2 = _policies[policy], Arg3 = policy == 0 ? 0u : 1u });

    public void SetName(CopyRange range, string? name) =>
        Require("PR_SET_VMA_ANON_NAME", puppet.SetName(range.Start, range.Bytes, name));

    /// <summary>A new userfaultfd; its descriptor.</summary>
    public int MakeUserfault()
    {
        const ulong NonBlocking = 0x800;
        int descriptor = (int)Do("userfaultfd", SystemCallNumber.Userfaultfd, NonBlocking);
        Span<ulong> operands = MemoryMarshal.Cast<byte, ulong>(puppet.Operands)[..3];
        operands.Clear();
        operands[0] = UserfaultInterface;
        Do("UFFDIO_API", SystemCallNumber.Ioctl, (ulong)descriptor, UserfaultHandshake, Puppet.OperandsAddress);
        return descriptor;
    }

    public void Register(CopyRange range, int userfault, VmaFlags flags)
    {
        Span<ulong> operands = MemoryMarshal.Cast<byte, ulong>(puppet.Operands)[..4];
        operands[0] = range.Start;
        operands[1] = range.Bytes;
        operands[2] = ((flags & VmaFlags.UffdMissing) != 0 ? 1ul : 0) | ((flags & VmaFlags.UffdWp) != 0 ? 2ul : 0)
            | ((flags & VmaFlags.UffdMinor) != 0 ? 4ul : 0);
        operands[3] = 0;
        Do("UFFDIO_REGISTER", SystemCallNumber.Ioctl, (ulong)userfault, UserfaultRegister, Puppet.OperandsAddress);
    }

    public void Unregister(CopyRange range, int userfault)
    {
        Span<ulong> operands = MemoryMarshal.Cast<byte, ulong>(puppet.Operands)[..2];
        operands[0] = range.Start;
        operands[1] = range.Bytes;
        Do("UFFDIO_UNREGISTER", SystemCallNumber.Ioctl, (ulong)userfault, UserfaultUnregister, Puppet.OperandsAddress);
    }

    /// <summary>
    /// The page at an address becomes one of the process's own: it writes it, or, where it may not, as a debugger does.
    /// </summary>
    public void Write(ulong address)
    {
        if ((FlagsAt(address) & VmaFlags.Write) != 0)
        {
            PuppetOutcome stored = puppet.Store(address, 1);
            if (stored.Kind != PuppetOutcomeKind.Done)
            {
                throw new NotCopiedException($"write: {stored}");
            }

            return;
        }

        try
        {
            using SafeFileHandle memory = File.OpenHandle(
                $"/proc/{puppet.Pid}/mem", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(memory, [1], (long)address);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new NotCopiedException($"memory that may not be written: {refused.Message}");
        }
    }

    /// <summary>Makes a call that succeeds; its result.</summary>
    public ulong Do(in Call call) => Require(CallTable.Of(call.Kind).Name, puppet.Do(call));

    /// <summary>Makes a system call that succeeds; its result.</summary>
    public ulong Do(
        string what, long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0) =>
        Require(what, puppet.Call(number, a, b, c, d, e, f));

    private static Call Ranged(CallKind kind, CopyRange range) =>
        new(kind) { Arg0 = range.Start, Arg1 = range.Bytes };

    private static ulong Require(string what, PuppetOutcome outcome) =>
        outcome.Kind == PuppetOutcomeKind.Done && outcome.Error == 0
            ? (ulong)outcome.Result
            : throw new NotCopiedException($"{what}: {(Errno)outcome.Error}");
}
