namespace Verso.Traces.Importers;

/// <summary>What the descriptors of a process stand for, as far as its text shows them being opened.</summary>
internal sealed class DescriptorTable
{
    private readonly Dictionary<int, (ImportedFile File, DescriptorLife Life)> _files = [];

    public ImportedFile? Find(int descriptor) => _files.GetValueOrDefault(descriptor).File;

    public void Set(int descriptor, ImportedFile file, DescriptorLife life = DescriptorLife.Kept) =>
        _files[descriptor] = (file, life);

    public void Close(int descriptor) => _files.Remove(descriptor);

    /// <summary>fork: the same open files.</summary>
    public DescriptorTable Copy() => CopyWhere(static _ => true);

    /// <summary>exec: without those opened with O_CLOEXEC.</summary>
    public DescriptorTable CopyForExec() => CopyWhere(static life => life == DescriptorLife.Kept);

    private DescriptorTable CopyWhere(Func<DescriptorLife, bool> keeps)
    {
        DescriptorTable copy = new();
        foreach ((int descriptor, (ImportedFile file, DescriptorLife life)) in _files)
        {
            if (keeps(life))
            {
                copy._files.Add(descriptor, (file, life));
            }
        }

        return copy;
    }
}

/// <summary>Whether exec closes a descriptor.</summary>
internal enum DescriptorLife
{
    Kept = 0,
    ClosedByExec = 1,
}
