using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Lab.Replay;

/// <summary>
/// The design of the kernel that recordings come from: the one whose VMAs and graph must equal the kernel's.
/// </summary>
public static class ReferenceDesign
{
    public const string Name = "anon-vma-chain";

    /// <summary>The choice of it, without options.</summary>
    public static DesignChoice Choice
    {
        get
        {
            Catalogue.Entry? entry = Catalogue.Find(Name);
            Invariant.Require(entry is not null);
            return new DesignChoice(entry);
        }
    }
}
