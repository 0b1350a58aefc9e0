using System.Globalization;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Fidelity;

namespace Verso.Reports.Text;

/// <summary>A VMA on one line, much as /proc/PID/maps has it, with what that file does not show.</summary>
public static class VmaText
{
    /// <summary>Range, permissions, page offset, file, and the other flags.</summary>
    public static string Line(VmaDescription description)
    {
        VmaImage vma = description.Vma;
        string file = description.File.Length == 0 ? "anonymous" : Printable.Of(description.File);
        return $"{vma.Start:x}-{vma.End:x} {Permissions(vma.Flags)} pgoff {vma.Pgoff:x}  {file}";
    }

    /// <summary>The anon_vma and the chain, newest first, by names that <paramref name="names"/> gives.</summary>
    public static string Chain(VmaDescription description, ChainNames names)
    {
        VmaImage vma = description.Vma;
        if (vma.AnonVma == 0 && vma.Chain.Count == 0)
        {
            return "no anon_vma";
        }

        // What was read while others ran may name a node twice.
        Dictionary<ulong, AnonVmaImage> known = description.Nodes.DistinctBy(node => node.Id).ToDictionary(n => n.Id);
        IEnumerable<string> links = vma.Chain.Select(id => known.TryGetValue(id, out AnonVmaImage? node)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{names.Of(id)}[root {names.Of(node.Root)} parent {names.Of(node.Parent)} "
                    + $"children {node.ChildCount} active {node.ActiveVmaCount}]")
            : names.Of(id));
        return $"anon_vma {(vma.AnonVma == 0 ? "-" : names.Of(vma.AnonVma))}  chain {string.Join(" ", links)}";
    }

    /// <summary><c>rw-p</c>, or <c>rw-s</c> for shared.</summary>
    public static string Permissions(VmaFlags flags) => string.Concat(
        (flags & VmaFlags.Read) != 0 ? 'r' : '-',
        (flags & VmaFlags.Write) != 0 ? 'w' : '-',
        (flags & VmaFlags.Exec) != 0 ? 'x' : '-',
        (flags & VmaFlags.MayShare) != 0 ? 's' : 'p');

    /// <summary>Names of the bits, separated by blanks; <c>none</c> if there are none.</summary>
    public static string FlagNames(VmaFlags flags) =>
        flags == 0 ? "none" : flags.ToString().Replace(",", "", StringComparison.Ordinal);
}

/// <summary>Short names for the anon_vmas of one side: A, B, ... in the order they are first printed.</summary>
public sealed class ChainNames
{
    private readonly Dictionary<ulong, string> _names = [];

    public string Of(ulong id)
    {
        if (!_names.TryGetValue(id, out string? name))
        {
            int number = _names.Count;
            name = number < 26 ? $"{(char)('A' + number)}" : $"{(char)('A' + (number % 26))}{number / 26}";
            _names.Add(id, name);
        }

        return name;
    }
}
