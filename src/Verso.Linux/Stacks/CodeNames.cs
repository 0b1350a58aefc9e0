using System.Runtime.InteropServices;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Stacks;

/// <summary>
/// Names the code of ELF files by their symbols, and by debug information where this machine has it. A file is read
/// once, for all address spaces that map it.
/// </summary>
internal sealed unsafe class CodeNames : IDisposable
{
    /// <summary>Where a file that may be anywhere is thought to be.</summary>
    private const ulong Start = 1 << 28;

    private static readonly LibDw.Callbacks* s_callbacks =
        LibDw.MakeCallbacks(LibDw.DebugInformation.Local);

    private readonly Dictionary<(ulong Device, ulong Inode), SymbolFile> _files = [];

    /// <summary>Whether a file is of ELF.</summary>
    internal bool Knows(FileIdentity file) => FileOf(file).Module != 0;

    /// <summary>What symbols call a place in a file.</summary>
    /// <param name="file">It.</param>
    /// <param name="offset">Bytes from its beginning as it is mapped.</param>
    /// <returns>The function, with its source line where there is debug information; null: it is not named.</returns>
    internal string? Of(FileIdentity file, ulong offset)
    {
        var known = FileOf(file);
        var address = unchecked(known.Start + offset);
        var name = known.Module == 0 ? null : LibDw.Name(known.Module, address);
        if (name == null)
        {
            return null;
        }

        var function = Demangling.Of(Text(name));
        var line = LibDw.Line(known.Module, address);
        var number = 0;
        var source = line == 0 ? null : LibDw.LineFile(line, null, &number, null, 0, 0);
        return source == null ? function : $"{function} ({Path.GetFileName(Text(source))}:{number})";
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dwfl?.Dispose();
        }

        _files.Clear();
    }

    private SymbolFile FileOf(FileIdentity file)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _files, (file.Device, file.Inode), out var isKnown);
        if (!isKnown)
        {
            known = Open(file.Path);
        }

        return known;
    }

    private static SymbolFile Open(string path)
    {
        // Whoever reads a pipe may wait, and reading a device may do something.
        if (Libc.IsRegularFile(path) != true)
        {
            return default;
        }

        var dwfl = LibDw.Begin(s_callbacks);
        if (dwfl.IsInvalid)
        {
            return default;
        }

        LibDw.ReportBegin(dwfl);
        var module = LibDw.ReportElf(dwfl, path, path, -1, Start, addVirtualAddress: false);
        _ = LibDw.ReportEnd(dwfl, 0, 0);
        ulong start = 0;
        if (module != 0)
        {
            _ = LibDw.Describe(module, null, &start, null, null, null, null, null);
        }

        return new SymbolFile(dwfl, module, start);
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private readonly record struct SymbolFile(LibDw.DwflHandle? Dwfl, nint Module, ulong Start);
}
