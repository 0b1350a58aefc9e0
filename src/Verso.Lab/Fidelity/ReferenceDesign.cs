using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Lab.Fidelity;

/// <summary>The design of the kernel that recordings come from: the one whose VMAs and graph must equal the kernel's.</summary>
public static class ReferenceDesign
{
    public const string Name = "anon-vma-chain";

    /// <summary>Its entry in the catalogue.</summary>
    public static Catalogue.Entry Entry
    {
        get
        {
            Catalogue.Entry? entry = Catalogue.Find(Name);
            Invariant.Require(entry is not null);
            return entry;
        }
    }
}
