using System.Runtime.CompilerServices;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>What a design has for each VMA: the field that it adds to vm_area_struct. All zero at first.</summary>
/// <remarks>
/// A mutable struct, to lie in the object that has it without a pointer between: its field must not be read-only.
/// </remarks>
internal struct VmaRows<T>(VmaTable vmas)
    where T : struct
{
    private T[] _rows = new T[64];

    /// <summary>All of them by id, for trees whose nodes they are; good until the next row is asked for.</summary>
    public readonly T[] Rows => _rows;

    /// <summary>The row of a VMA; the reference is good until the next is asked for.</summary>
    public ref T this[VmaId vma]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (vma.Value >= _rows.Length)
            {
                Grow(vma);
            }

            return ref _rows[vma.Value];
        }
    }

    /// <summary>What the row holds; of none yet, zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Of(VmaId vma) => vma.Value < _rows.Length ? _rows[vma.Value] : default;

    private void Grow(VmaId vma) => Array.Resize(ref _rows, Math.Max(vmas.Capacity, vma.Value + 1));
}
