using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Replay;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain;

/// <summary>An address space in the engine, to be asked about its VMAs.</summary>
internal sealed class MergeJudge
{
    private readonly Machine _machine;
    private readonly MmId _mm;
    private readonly IReadOnlyList<VmaImage> _vmas;

    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    internal MergeJudge(ProcessGraph process, IEnumerable<FileIdentity> files, KernelRules rules)
    {
        Catalogue.Entry reference = Catalogue.Find(ReferenceDesign.Name)
            ?? throw new InvalidOperationException("the reference design is not in the catalogue");
        _machine = reference.Create(new MachineOptions { Rules = rules });
        _vmas = process.Image.Vmas;
        OpenFiles known = new(_machine);
        foreach (FileIdentity file in files)
        {
            known.Define(file);
        }

        if (_machine.CreateMm(known.Translate(process.Image), out _mm).Errno != Errno.None)
        {
            throw new FormatException(
                $"process {process.Pid} has VMAs that overlap, page offsets that wrap or an anon_vma without a root");
        }
    }

    /// <summary>VMAs of the address space, which calls may have made more or fewer.</summary>
    internal int VmaCount => _machine.World.Mms[_mm].Vmas.Count;

    /// <summary>Moves anonymous memory to where its page offset says that it was; whether that could be done.</summary>
    internal bool MoveBack(VmaImage vma) => _machine.Mremap(_mm, new MremapRequest(
        vma.Start,
        vma.End - vma.Start,
        vma.End - vma.Start,
        RemapFlags.MayMove | RemapFlags.Fixed,
        vma.Pgoff << Page.Shift)).Errno == Errno.None;

    /// <summary>What keeps a VMA from the one before it; null if they do not touch.</summary>
    internal BothVerdicts? VerdictsBelow(int at) => _machine.VerdictsAt(_mm, _vmas[at].Start);

    /// <summary>The same, were the one before it part of a larger one with the anonymous state of another.</summary>
    internal BothVerdicts? VerdictsBelow(int at, int stateOf) =>
        _machine.VerdictsAt(_mm, _vmas[at].Start, _vmas[stateOf].Start);
}
