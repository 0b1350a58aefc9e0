using Verso.Engine.Images;

namespace Verso.Linux.Graph;

/// <summary>One object for all VMAs with the same traits: of many VMAs few differ.</summary>
internal sealed class TraitsCatalogue
{
    private readonly Dictionary<VmaTraits, VmaTraits> _known = [];
    private VmaTraits _last = VmaTraits.None;

    internal VmaTraits Of(in GraphVma vma, string? name)
    {
        if (name is null && (vma.PolicyMode | vma.PolicyNodes | vma.Userfault | vma.Operations) == 0)
        {
            return VmaTraits.None;
        }

        var close = (vma.Traits & GraphTraits.Closes) != 0 ? CloseOperation.Set : CloseOperation.None;
        if (_last.Operations == vma.Operations && _last.Close == close && _last.Name == name
            && _last.PolicyMode == vma.PolicyMode && _last.PolicyNodes == vma.PolicyNodes
            && _last.Userfault == vma.Userfault)
        {
            return _last;
        }

        var traits = new VmaTraits(
            vma.PolicyMode, vma.PolicyNodes, vma.Userfault, vma.Operations, close, name);
        if (!_known.TryAdd(traits, traits))
        {
            traits = _known[traits];
        }

        _last = traits;
        return traits;
    }
}
