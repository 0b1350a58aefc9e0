using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

// The other half of Bpf/records.h, name for name and byte for byte; RecordLayoutTests compares the two.

internal enum RecordKind : byte
{
    Fault = 1,
    FaultHere,
    Grow,
    Call,
    Result,
    CallDone,
    Prepare,
    Fork,
    Task,
    TaskExit,
    MmExit,
    File,
    DumpBegin,
    DumpData,
    DumpEnd,
    Ranges,
    Unfollowed,
    Reuses,
    Text,
    Watched,
    WatchEnd,
    Size,
    Allocation,
    Stack,
}

internal enum DumpReason : byte
{
    Periodic = 0,
    ProcessExit = 1,
    BeforeExec = 2,
    End = 3,
    AfterFork = 4,
    Exec = 5,
}

internal enum LostReason
{
    RingFull = 0,
    TaskState = 1,
    MmTable = 2,
    Arguments = 3,
}

[Flags]
internal enum ResultFlags : ushort
{
    None = 0,
    LocksFuture = 1,
    Vma = 2,
    Close = 4,
    Split = 8,
    Gone = 16,
}

[Flags]
internal enum PrepareFlags : byte
{
    None = 0,
    Allocated = 1,
    OfFault = 2,
    UnderWrite = 4,
    ForGuards = 8,
}

[StructLayout(LayoutKind.Sequential)]
internal struct RecordHead
{
    internal RecordKind Kind;
    internal byte A;
    internal ushort B;
    internal uint Task;
    internal uint Mm;
    internal uint C;
    internal ulong Time;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FaultRecord
{
    internal RecordHead Head;
    internal ulong Address;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CallRecord
{
    internal RecordHead Head;
    internal ulong Arg0;
    internal ulong Arg1;
    internal ulong Arg2;
    internal ulong Arg3;
    internal ulong Arg4;
    internal ulong Arg5;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Outcome
{
    internal long Result;
    internal ulong VmaFlags;
    internal ulong VmaLength;
    internal ulong File;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ResultRecord
{
    internal RecordHead Head;
    internal Outcome Outcome;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CallDoneRecord
{
    internal CallRecord Call;
    internal Outcome Outcome;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PrepareRecord
{
    internal RecordHead Head;
    internal ulong Start;
    internal ulong AnonVma;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TextRecord
{
    internal const int TextBytes = 80;

    internal RecordHead Head;
    internal fixed byte Text[TextBytes];
}

[StructLayout(LayoutKind.Sequential)]
internal struct WatchRecord
{
    internal RecordHead Head;
    internal ulong Address;
    internal ulong Context;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SizeRecord
{
    internal RecordHead Head;
    internal ulong File;
    internal ulong Size;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AllocationRecord
{
    internal RecordHead Head;
    internal ulong File;
    internal ulong Mode;
    internal ulong Offset;
    internal ulong Length;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FlagsRecord
{
    internal RecordHead Head;
    internal ulong Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FileRecord
{
    internal RecordHead Head;
    internal ulong File;
    internal ulong Inode;
    internal ulong Size;
    internal ulong Magic;
    internal uint Device;
    internal uint DeviceOfNode;
    internal uint Mode;
    internal uint Access;
    internal uint Generation;
    internal uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct DumpBeginRecord
{
    internal RecordHead Head;
    internal ulong OldMm;
    internal ulong StartBrk;
    internal ulong Brk;
    internal ulong MmapBase;
    internal ulong StartStack;
    internal ulong DefaultFlags;
    internal ulong StackLimit;
    internal ulong MmFlags;
    internal ulong Personality;
}

[StructLayout(LayoutKind.Sequential)]
internal struct DumpEndRecord
{
    internal RecordHead Head;
    internal uint Vmas;
    internal uint MapCount;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UnfollowedRecord
{
    internal const int NameBytes = 32;

    internal RecordHead Head;
    internal ulong Number;
    internal fixed byte Name[NameBytes];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StackRecord
{
    internal const int StackBytes = 8192;

    internal RecordHead Head;
    internal ulong Bx;
    internal ulong Bp;
    internal ulong Sp;
    internal ulong R12;
    internal ulong R13;
    internal ulong R14;
    internal ulong R15;
    internal ulong Ip;
    internal uint Process;
    internal uint Bytes;
    internal fixed byte Stack[StackBytes];
}
