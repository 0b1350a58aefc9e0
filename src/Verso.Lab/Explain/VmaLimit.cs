namespace Verso.Lab.Explain;

/// <summary>Which calls fail where there are, or soon are, as many VMAs as vm.max_map_count allows.</summary>
/// <remarks>
/// do_mmap and do_brk_flags refuse when there are more than allowed, even what would merge; __split_vma when there are
/// as many; move_vma when fewer than four are left, mremap_to when fewer than six. A call inside a VMA divides it
/// twice. Measured on 6.18.44 (FoundProgramTests.CallsAtTheLimit).
/// </remarks>
public static class VmaLimit
{
    /// <summary>Every call, the one that fails first in front.</summary>
    public static IReadOnlyList<LimitedCall> Calls { get; } =
    [
        new("mremap", "to a fixed address", "ENOMEM", 6),
        new("mremap", "that moves", "ENOMEM", 4),
        new("mprotect", "inside a VMA", "ENOMEM", 2),
        new("mlock", "inside a VMA", "ENOMEM", 2),
        new("mbind", "inside a VMA", "ENOMEM", 2),
        new("madvise", "inside a VMA", "EAGAIN", 2),
        new("mprotect", "of a part", "ENOMEM", 1),
        new("mlock", "of a part", "ENOMEM", 1),
        new("mbind", "of a part", "ENOMEM", 1),
        new("munmap", "inside a VMA", "ENOMEM", 1),
        new("madvise", "of a part", "EAGAIN", 1),
        new("mmap", "over a part of a VMA", "ENOMEM", 1),
        new("mmap", "", "ENOMEM", 0),
        new("brk", "", "ENOMEM", 0),
        new("shmat", "", "ENOMEM", 0),
    ];

    /// <summary>VMAs that are left where the first call begins to fail.</summary>
    public static int Near => Calls.Max(call => call.Needs);

    /// <summary>Those that fail with so many VMAs left; of one call the milder form only.</summary>
    /// <param name="left">vm.max_map_count less the VMAs there are; may be negative.</param>
    public static IReadOnlyList<LimitedCall> FailingWith(int left) =>
        [.. Calls.Where(call => left < call.Needs).GroupBy(call => call.Name).Select(forms => forms.Last())];
}

/// <summary>A call that may fail for the number of VMAs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Of">Of what; empty: whatever it is of.</param>
/// <param name="Error">The error it returns; brk returns the old end.</param>
/// <param name="Needs">It fails if fewer are left.</param>
public sealed record LimitedCall(string Name, string Of, string Error, int Needs);
