using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Interop;

namespace Verso.Linux.Recording;

/// <summary>
/// Puts the pieces of a dump together. Dumps of several processors may be under way at once; the words of each are, by
/// the low two bits of the first, a VMA (6 words) or an entry of its chain (4 words): Bpf/dump.bpf.h.
/// </summary>
internal sealed class DumpAssembler(FileCatalogue files)
{
    private const ulong TagMask = 3;
    private const ulong VmaTag = 1;
    private const int VmaWords = 6;
    private const int ChainWords = 4;

    private readonly Dictionary<uint, Pending> _pending = [];
    private readonly AddressNumbers _numbers = new();

    // Used again: lists as long as those of a deep family are dear to grow for every dump.
    private readonly Stack<Pending> _free = new();

    /// <summary>Dumps begun and not ended.</summary>
    internal int Open => _pending.Count;

    /// <summary>
    /// The number that stands for an anon_vma in the trace: an address of the kernel's tells more than which is which.
    /// </summary>
    internal ulong NumberOf(ulong anonVma) => (ulong)_numbers.Of(anonVma);

    internal void Begin(in DumpBeginRecord record)
    {
        var pending = _free.TryPop(out var free) ? free : new Pending();
        pending.Clear(record);
        _pending[record.Head.C] = pending;
    }

    internal void Add(in RecordHead head, ReadOnlySpan<ulong> words)
    {
        if (!_pending.TryGetValue(head.C, out var pending))
        {
            return;
        }

        while (!words.IsEmpty)
        {
            var count = (words[0] & TagMask) == VmaTag ? VmaWords : ChainWords;
            if (words.Length < count)
            {
                pending.Broken = true;
                return;
            }

            if (count == VmaWords)
            {
                AddVma(pending, words);
            }
            else
            {
                AddChainEntry(pending, words);
            }

            words = words[count..];
        }
    }

    /// <summary>The image, or null where a piece is missing.</summary>
    internal MmImage? End(in DumpEndRecord record, out DumpBeginRecord begin)
    {
        begin = default;
        if (!_pending.Remove(record.Head.C, out var pending))
        {
            return null;
        }

        begin = pending.Begin;
        _free.Push(pending);
        var whole = record.Head.B == 1 && !pending.Broken
            && record.Vmas == pending.Vmas.Count && record.MapCount == record.Vmas;
        if (!whole)
        {
            return null;
        }

        pending.CloseChain();
        return new MmImage
        {
            Vmas = [.. pending.Vmas],
            AnonVmas = [.. pending.AnonVmas],
            StartBrk = begin.StartBrk,
            Brk = begin.Brk,
            MmapBase = begin.MmapBase,
            StartStack = begin.StartStack,
            DefaultFlags = (VmaFlags)begin.DefaultFlags,
            StackLimitBytes = begin.StackLimit,
            Flags = FlagsOf(begin),
        };
    }

    // MMF_HAS_MDWE, MMF_HAS_MDWE_NO_INHERIT, MMF_VM_MERGE_ANY; READ_IMPLIES_EXEC.
    private static MmFlags FlagsOf(in DumpBeginRecord begin)
    {
        var flags = (begin.MmFlags & (1UL << 28)) != 0 ? MmFlags.DenyExecGain : MmFlags.None;
        flags |= (begin.MmFlags & (1UL << 29)) != 0 ? MmFlags.DenyIsNotInherited : MmFlags.None;
        flags |= (begin.MmFlags & (1UL << 30)) != 0 ? MmFlags.MergeAny : MmFlags.None;
        return flags | ((begin.Personality & 0x0400000) != 0 ? MmFlags.ReadImpliesExec : MmFlags.None);
    }

    private void AddVma(Pending pending, ReadOnlySpan<ulong> words)
    {
        pending.CloseChain();
        pending.Vmas.Add(new VmaImage(
            words[0] & ~TagMask, words[1], (VmaFlags)words[2], words[3], files.Find(words[4]), NumberOf(words[5]), []));
    }

    private void AddChainEntry(Pending pending, ReadOnlySpan<ulong> words)
    {
        var id = NumberOf(words[0] & ~TagMask);
        pending.Chain.Add(id);
        pending.See(new AnonVmaImage(
            id, NumberOf(words[1]), NumberOf(words[2]), (uint)words[3], (uint)(words[3] >> 32)));
    }

    private sealed class Pending
    {
        private readonly AddressNumbers _seen = new();
        internal DumpBeginRecord Begin;
        internal bool Broken;

        internal List<VmaImage> Vmas { get; } = [];

        /// <summary>In the order in which they were first seen, as they were seen last.</summary>
        internal List<AnonVmaImage> AnonVmas { get; } = [];

        internal List<ulong> Chain { get; } = [];

        internal void Clear(in DumpBeginRecord begin)
        {
            Begin = begin;
            Broken = false;
            Vmas.Clear();
            AnonVmas.Clear();
            Chain.Clear();
            _seen.Clear();
        }

        internal void See(AnonVmaImage node)
        {
            var number = _seen.Of(node.Id);
            if (number > AnonVmas.Count)
            {
                AnonVmas.Add(node);
            }
            else if (number > 0)
            {
                AnonVmas[number - 1] = node;
            }
        }

        internal void CloseChain()
        {
            if (Chain.Count > 0)
            {
                Vmas[^1] = Vmas[^1] with { Chain = [.. Chain] };
                Chain.Clear();
            }
        }
    }
}
