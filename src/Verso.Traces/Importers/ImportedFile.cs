using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>An open file of a text. It gets an id, and its definition is written, when it is first mapped.</summary>
internal sealed class ImportedFile
{
    public FileId Id { get; set; }

    public required string Path { get; init; }

    public required FileKind Kind { get; init; }

    public required ulong Device { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>In bytes; <see cref="ulong.MaxValue"/> where unknown.</summary>
    public ulong SizeBytes { get; set; } = ulong.MaxValue;

    public FileModes Modes { get; init; } = FileModes.Read | FileModes.Write;
}
