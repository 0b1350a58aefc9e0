using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Playing;

namespace Verso.Lab.Families;

/// <summary>What a design has at one moment: its objects, and which VMAs and address spaces lead to them.</summary>
public sealed class DesignStructure : IDesignStructure
{
    /// <summary>Links that are kept; more are counted.</summary>
    private const int MostLinks = 5000;

    private readonly Machine _machine;
    private readonly Dictionary<MmId, string> _names = [];
    private readonly Dictionary<DesignObject, StructureObject> _objects = [];
    private readonly List<StructureLink> _links = [];
    private readonly HashSet<(MmId, DesignObject)> _ofMm = [];

    private DesignStructure(string design, Machine machine)
    {
        Design = design;
        _machine = machine;
    }

    /// <summary>The design as it was asked for.</summary>
    public string Design { get; }

    /// <summary>Its objects, in the order in which they are led to.</summary>
    public IReadOnlyCollection<StructureObject> Objects => _objects.Values;

    /// <summary>What leads to them, by address space and address.</summary>
    public IReadOnlyList<StructureLink> Links => _links;

    /// <summary>Links that are not kept.</summary>
    public long Hidden { get; private set; }

    /// <summary>Takes down what a machine has now.</summary>
    /// <param name="design">The design as it was asked for.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="spaces">Its address spaces.</param>
    public static DesignStructure Of(string design, Machine machine, IEnumerable<PlayedSpace> spaces)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(spaces);
        DesignStructure structure = new(design, machine);
        foreach (PlayedSpace space in spaces)
        {
            structure._names[space.Mm] = space.Name;
            foreach (VmaId vma in machine.World.Mms[space.Mm].Vmas.Ids)
            {
                machine.Describe(vma, structure);
            }
        }

        return structure;
    }

    bool IDesignStructure.Add(DesignObject what, DesignObject parent)
    {
        // Of as many objects no drawing is made: what is above one more need not be looked for.
        return _objects.Count < MostLinks && _objects.TryAdd(what, new StructureObject(what, parent, Pages: 0));
    }

    void IDesignStructure.Holds(DesignObject what, long pages) =>
        _objects[what] = _objects[what] with { Pages = pages };

    void IDesignStructure.Leads(VmaId vma, DesignObject what, bool isForNew)
    {
        Vma of = _machine.World.Vmas[vma];
        Keep(new StructureLink(_names[of.Mm], of.Start, what, isForNew));
    }

    void IDesignStructure.Leads(MmId mm, DesignObject what)
    {
        if (_ofMm.Add((mm, what)))
        {
            Keep(new StructureLink(_names[mm], null, what, IsForNew: true));
        }
    }

    private void Keep(StructureLink link)
    {
        if (_links.Count < MostLinks)
        {
            _links.Add(link);
        }
        else
        {
            Hidden++;
        }
    }
}

/// <summary>An object of a design.</summary>
/// <param name="What">It.</param>
/// <param name="Parent">The one that it hangs on; default: on none.</param>
/// <param name="Pages">Pages that it holds.</param>
public sealed record StructureObject(DesignObject What, DesignObject Parent, long Pages);

/// <summary>What leads to an object.</summary>
/// <param name="Space">The address space, as it is named elsewhere.</param>
/// <param name="Start">Where the VMA starts; null: it is the address space itself.</param>
/// <param name="What">The object.</param>
/// <param name="IsForNew">Whether new pages name it.</param>
public sealed record StructureLink(string Space, ulong? Start, DesignObject What, bool IsForNew);
