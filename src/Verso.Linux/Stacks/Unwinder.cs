using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Stacks;

/// <summary>
/// Unwinds the stacks of one address space with libdwfl, by the unwind tables of what is mapped there; code that has
/// none, such as a JIT compiler's, by its frame pointers.
/// </summary>
internal sealed unsafe class Unwinder : IDisposable
{
    /// <summary>Frames beyond these are not asked for.</summary>
    internal const int MostFrames = 64;

    // Programs are unwound by what is mapped with them: debug information takes long to read, and has no more to say.
    private static readonly LibDw.Callbacks* s_callbacks =
        LibDw.MakeCallbacks(LibDw.DebugInformation.Ignored);

    private static readonly LibDw.ThreadCallbacks* s_threadCallbacks = MakeThreadCallbacks();

    /// <summary>What libdwfl's callbacks are to use: they are called on the thread that unwinds.</summary>
    [ThreadStatic]
    private static Unwinder? s_current;

    private readonly Dictionary<ulong, string> _reported = [];
    private readonly List<(ulong Address, ulong Word)> _reads = [];
    private readonly List<ulong> _counters = [];
    private StackSample? _sample;
    private LibDw.DwflHandle? _dwfl;
    private bool _isAttached;

    /// <summary>Tells it of the code that is mapped now.</summary>
    /// <param name="map">What is mapped.</param>
    /// <param name="names">Knows which files are of ELF.</param>
    internal void Report(CodeMap map, CodeNames names)
    {
        Dictionary<ulong, string> modules = [];
        foreach (var mapping in map.Mappings.Where(mapping => names.Knows(mapping.File)))
        {
            modules[mapping.Base] = mapping.File.Path;
        }

        if (_dwfl is null || _reported.Any(old => modules.GetValueOrDefault(old.Key) != old.Value))
        {
            Restart();
        }

        if (_dwfl!.IsInvalid)
        {
            return;
        }

        LibDw.ReportBegin(_dwfl);
        foreach (var (start, path) in modules)
        {
            if (_reported.TryAdd(start, path))
            {
                _ = LibDw.ReportElf(_dwfl, path, path, -1, start, addVirtualAddress: false);
            }
        }

        _ = LibDw.ReportEnd(_dwfl, 0, 0);
        if (!_isAttached)
        {
            _isAttached = LibDw.Attach(_dwfl, 0, 1, s_threadCallbacks, 0);
        }
    }

    /// <summary>Unwinds one.</summary>
    /// <param name="sample">It.</param>
    /// <param name="reads">Words of the stack that the result depends on.</param>
    /// <returns>Addresses in the functions that were active, the innermost first: the call, then calls to it.</returns>
    internal ulong[] Unwind(StackSample sample, out (ulong Address, ulong Word)[] reads)
    {
        _sample = sample;
        _reads.Clear();
        _counters.Clear();
        if (_isAttached)
        {
            s_current = this;
            _ = LibDw.Frames(_dwfl!, 1, &OnFrame, 0);
            s_current = null;
        }

        _sample = null;
        reads = [.. _reads];
        return _counters.Count > 0 ? [.. _counters] : [sample.Counter];
    }

    public void Dispose() => _dwfl?.Dispose();

    private void Restart()
    {
        Dispose();
        _reported.Clear();
        _isAttached = false;
        _dwfl = LibDw.Begin(s_callbacks);
    }

    private static LibDw.ThreadCallbacks* MakeThreadCallbacks()
    {
        var callbacks =
            (LibDw.ThreadCallbacks*)NativeMemory.AllocZeroed((nuint)sizeof(LibDw.ThreadCallbacks));
        callbacks->NextThread = &NextThread;
        callbacks->GetThread = &GetThread;
        callbacks->ReadMemory = &ReadMemory;
        callbacks->SetInitialRegisters = &SetInitialRegisters;
        return callbacks;
    }

    [UnmanagedCallersOnly]
    private static int NextThread(nint dwfl, nint argument, nint* thread)
    {
        var isFirst = *thread == 0;
        *thread = isFirst ? 1 : 0;
        return isFirst ? 1 : 0;
    }

    [UnmanagedCallersOnly]
    private static byte GetThread(nint dwfl, int id, nint argument, nint* thread)
    {
        *thread = 1;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static byte ReadMemory(nint dwfl, ulong address, ulong* result, nint argument)
    {
        var current = s_current!;
        if (!current._sample!.TryRead(address, out var word))
        {
            return 0;
        }

        current._reads.Add((address, word));
        *result = word;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static byte SetInitialRegisters(nint thread, nint argument)
    {
        fixed (ulong* registers = s_current!._sample!.Registers)
        {
            return (byte)(LibDw.SetRegisters(thread, 0, StackSample.RegisterCount, registers) ? 1 : 0);
        }
    }

    // A return address is behind its call: the call is a byte before it.
    [UnmanagedCallersOnly]
    private static int OnFrame(nint frame, nint argument)
    {
        ulong counter;
        byte isActivation;
        var counters = s_current!._counters;
        if (!LibDw.FrameCounter(frame, &counter, &isActivation) || counter == 0)
        {
            return LibDw.Abort;
        }

        counters.Add(isActivation != 0 ? counter : counter - 1);
        return counters.Count < MostFrames ? LibDw.Continue : LibDw.Abort;
    }
}
