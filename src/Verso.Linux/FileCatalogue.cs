using System.Runtime.InteropServices;
using System.Text;
using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux;

/// <summary>
/// Gives every open file an id: one per pointer of a struct file, inode and access. A pointer that is freed and
/// recycled for the same inode and access keeps its id, which is harmless: no VMA can have held the old one.
/// </summary>
internal sealed class FileCatalogue
{
    private const uint TypeMask = 0xf000;
    private const uint CharacterDevice = 0x2000;
    private const ulong TmpfsMagic = 0x01021994;
    private const ulong HugeTlbMagic = 0x958458f6;
    private const ulong SecretMagic = 0x5345434d;
    private const uint ZeroDevice = (1u << 20) | 5;

    private readonly Dictionary<FileKey, FileIdentity> _files = [];
    private readonly Dictionary<ulong, FileIdentity> _byPointer = [];
    private readonly HashSet<ulong> _secret = [];
    private readonly Dictionary<(ulong Inode, uint Device), string> _paths = [];

    /// <summary>Learns what a pointer means from now on. Returns the identity if it is new.</summary>
    internal FileIdentity? Define(in FileRecord record, ReadOnlySpan<byte> names) =>
        Define(record, names.Length > 0 ? PathOf(names) : null);

    /// <summary>The same with the whole path, or null where it was told before.</summary>
    internal FileIdentity? Define(in FileRecord record, string? path)
    {
        var inode = (record.Inode, record.Device);
        if (path is not null)
        {
            _paths[inode] = path;
        }

        ref var identity = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _files,
            new FileKey(record.File, record.Inode, record.Device, record.Generation, (FileModes)record.Access),
            out var known);
        identity ??= new FileIdentity(
            new FileId(_files.Count),
            KindOf(record),
            record.Device,
            record.Inode,
            record.Size,
            _paths.GetValueOrDefault(inode, ""),
            (FileModes)record.Access);
        _byPointer[record.File] = identity;
        _ = record.Magic == SecretMagic ? _secret.Add(record.File) : _secret.Remove(record.File);
        return known ? null : identity;
    }

    /// <summary>The id of an open file by its pointer; none for 0 or a pointer whose definition was lost.</summary>
    internal FileId Find(ulong pointer) =>
        pointer != 0 && _byPointer.TryGetValue(pointer, out var identity) ? identity.File : default;

    /// <summary>Every open file that was ever defined, by ascending id.</summary>
    internal IReadOnlyList<FileIdentity> All => [.. _files.Values.OrderBy(identity => identity.File.Value)];

    /// <summary>Size in bytes when first seen; 0 if unknown.</summary>
    internal ulong SizeOf(ulong pointer) =>
        _byPointer.TryGetValue(pointer, out var identity) ? identity.SizeBytes : 0;

    /// <summary>What it allows its mappings; everything if unknown.</summary>
    internal FileModes ModesOf(ulong pointer) =>
        _byPointer.TryGetValue(pointer, out var identity) ? identity.Modes : FileModes.Read | FileModes.Write;

    /// <summary>Whether it is of memfd_secret.</summary>
    internal bool IsSecret(ulong pointer) => _secret.Contains(pointer);

    private readonly record struct FileKey(
        ulong Pointer, ulong Inode, uint Device, uint Generation, FileModes Access);

    private static FileKind KindOf(in FileRecord record)
    {
        if ((record.Mode & TypeMask) == CharacterDevice)
        {
            return record.DeviceOfNode == ZeroDevice ? FileKind.Zero : FileKind.Device;
        }

        return record.Magic switch
        {
            TmpfsMagic => FileKind.SharedMemory,
            HugeTlbMagic => FileKind.HugeTlb,
            _ => FileKind.Regular,
        };
    }

    // Names come from the leaf up, each NUL terminated.
    private static string PathOf(ReadOnlySpan<byte> names)
    {
        var path = "";
        foreach (var range in names.Split((byte)0))
        {
            var name = names[range];
            if (!name.IsEmpty && !name.SequenceEqual("/"u8))
            {
                path = $"/{Encoding.UTF8.GetString(name)}{path}";
            }
        }

        return path;
    }
}
