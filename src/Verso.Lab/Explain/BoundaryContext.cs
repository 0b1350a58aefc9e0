using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Lab.Explain;

/// <summary>What the rest of an address space says of two VMAs that touch.</summary>
internal sealed class BoundaryContext
{
    private readonly Dictionary<FileId, FileIdentity> _files;
    private readonly ProgramFiles _programs;
    private readonly InaccessibleUses _uses;
    private readonly ExecuteOnlyKeys _keys;
    private readonly Dictionary<ulong, ulong> _roots = [];

    /// <param name="space">The address space.</param>
    /// <param name="files">What is known of the files that it maps.</param>
    internal BoundaryContext(MmImage space, Dictionary<FileId, FileIdentity> files)
    {
        _files = files;
        _programs = new ProgramFiles(space.Vmas, files);
        _uses = new InaccessibleUses(space.Vmas);
        _keys = new ExecuteOnlyKeys(space.Vmas);
        foreach (AnonVmaImage node in space.AnonVmas)
        {
            _roots[node.Id] = node.Root;
        }
    }

    /// <summary>The same pair with all that it says.</summary>
    internal Boundary Describe(Boundary pair) => pair with
    {
        Lasting = LastingReasons.Of(pair, _files, _programs),
        IsSharedAnonymous = LastingReasons.AreSharedAnonymous(pair, _files),
        IsOfZeroDevice = LastingReasons.AreOfZeroDevice(pair, _files),
        IsOfExecuteOnly = _keys.Divide(pair),
        Inaccessible = _uses.Of(pair),
        LowerOrigin = OriginOf(pair.Lower),
        UpperOrigin = OriginOf(pair.Upper),
    };

    private ulong OriginOf(VmaImage vma) => vma.Chain.Count > 1 ? _roots.GetValueOrDefault(vma.AnonVma) : 0;
}
