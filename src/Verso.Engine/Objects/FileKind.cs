namespace Verso.Engine;

/// <summary>What kind of object is behind an open file.</summary>
public enum FileKind : byte
{
    Regular = 0,

    /// <summary>tmpfs, memfd, shared anonymous memory, System V shared memory: swappable, never written back.</summary>
    SharedMemory = 1,

    /// <summary>A character device or other driver whose mmap may set flags of its own.</summary>
    Device = 2,

    /// <summary>hugetlbfs.</summary>
    HugeTlb = 3,

    /// <summary>/dev/zero: a private mapping of it is anonymous-like, a shared one is shared memory.</summary>
    Zero = 4,
}

/// <summary>What an open file allows its mappings (f_mode and its mount).</summary>
[Flags]
public enum FileModes : byte
{
    None = 0,
    Read = 1,
    Write = 2,

    /// <summary>On a noexec mount: its mappings may not be executed.</summary>
    NoExec = 4,
}
