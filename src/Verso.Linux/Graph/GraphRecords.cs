using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Verso.Linux.Graph;

// The other half of Bpf/graph_records.h, name for name and byte for byte; RecordLayoutTests compares the two.

internal enum GraphKind : byte
{
    Mm = 1,
    File,
    Vma,
    Name,
    Link,
    More,
    Holder,
    Count,
}

[Flags]
internal enum GraphTraits : ulong
{
    Closes = 1,
    HasSequence = 2,
}

/// <summary>The first word of every record.</summary>
internal readonly struct GraphHead(ulong word)
{
    private readonly ulong _word = word;

    internal GraphKind Kind => (GraphKind)_word;

    /// <summary>The length of the record, itself included.</summary>
    internal int Words => (int)(_word >> 8 & 0xff_ffff);

    internal uint Upper => (uint)(_word >> 32);
}

[InlineArray(16)]
internal struct TaskName
{
    private byte _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GraphMm
{
    internal ulong Head;
    internal ulong Mm;
    internal ulong StartTime;
    internal ulong StartBrk;
    internal ulong Brk;
    internal ulong MmapBase;
    internal ulong StartStack;
    internal ulong DefaultFlags;
    internal ulong StackLimit;
    internal ulong TotalPages;
    internal ulong LockedPages;
    internal uint MapCount;
    internal uint Execs;
    internal TaskName Command;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GraphFile
{
    internal ulong Head;
    internal ulong File;
    internal ulong Inode;
    internal ulong Size;
    internal ulong Magic;
    internal uint Device;
    internal uint DeviceOfNode;
    internal uint Mode;
    internal uint Access;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GraphVma
{
    internal ulong Head;
    internal ulong Start;
    internal ulong End;
    internal ulong Flags;
    internal ulong Pgoff;
    internal ulong File;
    internal ulong AnonVma;
    internal ulong Operations;
    internal GraphTraits Traits;
    internal ulong PolicyMode;
    internal ulong PolicyNodes;
    internal ulong Userfault;

    /// <summary>All ones where the kernel has none.</summary>
    internal ulong AnonPgoff;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GraphLink
{
    internal ulong Head;
    internal ulong AnonVma;
    internal ulong Root;
    internal ulong Parent;
    internal ulong ChildCount;
    internal ulong ActiveVmaCount;
}

/// <summary>A process and the address space that it has at one moment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GraphHolder
{
    internal ulong Head;
    internal ulong StartTime;

    /// <summary>0: it changed while it was looked at.</summary>
    internal ulong Mm;
    internal uint Execs;
    internal uint Sequence;
}

/// <summary>How many VMAs a process has at one moment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GraphCount
{
    internal ulong Head;
    internal ulong StartTime;
    internal ulong Mm;
    internal ulong MapCount;
    internal TaskName Command;
}
