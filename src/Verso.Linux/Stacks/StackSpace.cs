using System.Runtime.InteropServices;

namespace Verso.Linux.Stacks;

/// <summary>An address space whose stacks are unwound, and the ways into the kernel that it has come before.</summary>
/// <remarks>
/// Unwinding begins with the program counter and the stack and frame pointers, by which compilers find frames, and goes
/// on by the words that it reads: where these are the same again, and so is what is mapped, its result is. A loop of
/// calls is unwound once.
/// </remarks>
/// <param name="map">Its code.</param>
internal sealed class StackSpace(CodeMap map)
{
    private readonly Dictionary<(ulong, ulong, ulong), List<Memo>> _memos = [];
    private int _memoCount;

    internal CodeMap Map { get; } = map;

    /// <summary>Unwinds; null: nothing has asked it to yet.</summary>
    internal Unwinder? Unwinder { get; private set; }

    /// <summary>The generation of the map that it knows.</summary>
    internal int Reported { get; private set; }

    /// <summary>Tells the unwinder what is mapped now.</summary>
    /// <param name="names">Knows which files are of ELF.</param>
    internal void Prepare(CodeNames names)
    {
        Unwinder ??= new Unwinder();
        Unwinder.Report(Map, names);
        Reported = Map.Generation;
        _memos.Clear();
        _memoCount = 0;
    }

    /// <summary>Lets go of the unwinder.</summary>
    internal void Forget()
    {
        Unwinder?.Dispose();
        Unwinder = null;
    }

    /// <summary>The frame of a stack that was unwound before; null: none was like it.</summary>
    internal int? Recall(StackSample sample)
    {
        foreach (var memo in CollectionsMarshal.AsSpan(_memos.GetValueOrDefault(sample.Key)))
        {
            if (memo.Fits(sample))
            {
                return memo.Frame;
            }
        }

        return null;
    }

    /// <summary>Keeps what came of one.</summary>
    internal void Remember(StackSample sample, (ulong Address, ulong Word)[] reads, int frame, int most)
    {
        if (_memoCount++ >= most)
        {
            _memos.Clear();
            _memoCount = 1;
        }

        ref var memos = ref CollectionsMarshal.GetValueRefOrAddDefault(_memos, sample.Key, out _);
        memos ??= [];
        memos.Add(new Memo(reads, frame));
    }

    private sealed record Memo((ulong Address, ulong Word)[] Reads, int Frame)
    {
        internal bool Fits(StackSample sample)
        {
            foreach (var (address, word) in Reads)
            {
                if (!sample.TryRead(address, out var found) || found != word)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
