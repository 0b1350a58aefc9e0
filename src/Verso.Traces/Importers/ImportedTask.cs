namespace Verso.Traces.Importers;

/// <summary>One task of a text that is being imported.</summary>
internal sealed class ImportedTask
{
    public required int Tid { get; set; }

    /// <summary>Thread group.</summary>
    public required int Group { get; set; }

    /// <summary>Its address space; 0 until something needs one.</summary>
    public int Mm { get; set; }

    /// <summary>Its descriptors, shared with the tasks cloned with CLONE_FILES.</summary>
    public required DescriptorTable Files { get; set; }

    /// <summary>It has called exit, but its end has not been seen.</summary>
    public bool IsExiting { get; set; }
}
