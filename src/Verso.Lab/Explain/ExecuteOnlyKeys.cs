using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>
/// The protection key that the kernel takes for memory that may only be executed, told from those of pkey_alloc.
/// </summary>
/// <remarks>
/// mprotect(PROT_EXEC) without a key takes one for the whole address space (execute_only_pkey) and never gives it to
/// what may be read: a key that is on executable memory alone is that one, unless a program asked for the same.
/// </remarks>
internal sealed class ExecuteOnlyKeys
{
    private readonly HashSet<VmaFlags> _keys;

    /// <param name="vmas">Of an address space.</param>
    internal ExecuteOnlyKeys(IReadOnlyList<VmaImage> vmas)
    {
        _keys = [.. vmas.Where(IsExecuteOnly).Select(KeyOf).Where(key => key != VmaFlags.None)];
        if (_keys.Count > 0)
        {
            _keys.ExceptWith(vmas.Where(vma => !IsExecuteOnly(vma)).Select(KeyOf));
        }
    }

    /// <summary>Whether one of two VMAs has that key, and the other has not.</summary>
    internal bool Divide(Boundary pair) => _keys.Contains(KeyOf(pair.Lower)) != _keys.Contains(KeyOf(pair.Upper));

    private static bool IsExecuteOnly(VmaImage vma) => (vma.Flags & VmaFlags.Access) == VmaFlags.Exec;

    private static VmaFlags KeyOf(VmaImage vma) => vma.Flags & VmaFlags.Pkey;
}
