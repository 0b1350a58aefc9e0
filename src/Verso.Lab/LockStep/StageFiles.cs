using Microsoft.Win32.SafeHandles;
using Verso.Engine;
using Verso.Engine.Objects;
using Verso.Lab.Scenarios;
using Verso.Linux;

namespace Verso.Lab.LockStep;

/// <summary>The files of a scenario as real files, each opened as it says.</summary>
internal sealed class StageFiles : IDisposable
{
    private readonly string _directory = MakeDirectory();
    private readonly Dictionary<int, SafeFileHandle> _owners = [];
    private readonly Dictionary<char, (int Place, SafeFileHandle Handle)> _opened = [];
    private readonly Dictionary<(string, MountExecution), MountView> _views = [];
    private readonly Window _window;
    private readonly IReadOnlyList<WindowFile> _files;
    private bool _isTouched = true;

    /// <summary>Throws <see cref="IOException"/> where the temporary directory or /dev/shm cannot be written.</summary>
    public StageFiles(Window window, IReadOnlyList<WindowFile> files)
    {
        _window = window;
        _files = files;
        try
        {
            foreach (WindowFile file in files)
            {
                Open(file);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw new IOException($"the scenarios' files cannot be created: {FileProblem.Text(refused)}", refused);
        }
        finally
        {
            // Nobody needs the names any more: nothing is left behind, whatever happens.
            DeleteNames(NeedsNames ? FileKind.SharedMemory : null);
        }

        Restore();
    }

    /// <summary>Descriptors of this process, in the order in which puppets are given them.</summary>
    public IReadOnlyList<int> Descriptors =>
        [.. _opened.Values.OrderBy(each => each.Place).Select(each => (int)each.Handle.DangerousGetHandle())];

    private Dictionary<int, string> Paths { get; } = [];

    /// <summary>The place of a file among the descriptors; -1 for a letter that is none.</summary>
    public int PlaceOf(char letter) =>
        _opened.TryGetValue(letter, out (int Place, SafeFileHandle) file) ? file.Place : -1;

    /// <summary>The next <see cref="Restore"/> has something to do.</summary>
    public void Touch() => _isTouched = true;

    /// <summary>Sets the size of a file, in half pages.</summary>
    public void Truncate(char letter, long halves)
    {
        Touch();
        SafeFileHandle owner = Owner(letter);
        if (_files.First(file => file.Letter == letter).Kind == FileKind.Regular)
        {
            // Where the temporary directory is tmpfs, what a mapping wrote beyond the end would become part of a file
            // that grows. Cutting it where it ends clears that, and changes nothing elsewhere.
            RandomAccess.SetLength(owner, RandomAccess.GetLength(owner));
        }

        try
        {
            RandomAccess.SetLength(owner, (long)_window.BytesOfHalves(halves));
        }
        catch (ArgumentOutOfRangeException refused)
        {
            throw new IOException($"cannot create a file of {halves} half pages", refused);
        }
    }

    /// <summary>Frees pages of a file; its size stays.</summary>
    public void Punch(char letter, long start, long count)
    {
        Touch();
        FileSpace.Punch(Owner(letter), (long)_window.Bytes(start), (long)_window.Bytes(count));
    }

    /// <summary>Files hold again what they hold at the beginning of a scenario.</summary>
    public void Restore()
    {
        if (!_isTouched)
        {
            return;
        }

        Span<byte> page = stackalloc byte[Page.Size];
        foreach (WindowFile file in _files.DistinctBy(file => file.Inode).Where(file => file.IsStored))
        {
            SafeFileHandle owner = _owners[file.Inode];
            long size = (long)_window.BytesOfHalves(file.Halves);
            RandomAccess.SetLength(owner, 0);
            RandomAccess.SetLength(owner, size);
            for (long at = 0; at < size && file.Kind == FileKind.Regular; at += Page.Size)
            {
                for (int offset = 0; offset < Page.Size; offset++)
                {
                    page[offset] = FilePattern.At(WindowFile.Device, (ulong)file.Inode, (ulong)(at + offset));
                }

                RandomAccess.Write(owner, page[..(int)Math.Min(Page.Size, size - at)], at);
            }
        }

        _isTouched = false;
    }

    public void Dispose()
    {
        foreach (SafeFileHandle handle in _opened.Values.Select(each => each.Handle).Concat(_owners.Values))
        {
            handle.Dispose();
        }

        foreach (MountView view in _views.Values)
        {
            view.Dispose();
        }

        DeleteNames(null);
    }

    /// <summary>
    /// To tmpfs a file without a name is anonymous memory (shmem_mmap), and may be named as such; those of the
    /// scenarios stand for files of a disk.
    /// </summary>
    private bool NeedsNames => FileSpace.IsTmpfs(_directory);

    /// <summary>Of files of this kind; null: all, and the directory.</summary>
    private void DeleteNames(FileKind? only)
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        foreach (WindowFile file in _files.Where(file => file.IsStored && (only is null || file.Kind == only)))
        {
            if (Paths.TryGetValue(file.Inode, out string? path))
            {
                File.Delete(path);
            }
        }

        if (only is null)
        {
            Directory.Delete(_directory);
        }
    }

    private static string MakeDirectory()
    {
        try
        {
            return Directory.CreateTempSubdirectory("verso-verify-").FullName;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"cannot create a file in '{Path.GetTempPath()}': {FileProblem.Text(refused)}", refused);
        }
    }

    private void Open(WindowFile file)
    {
        if (!file.IsStored)
        {
            Paths[file.Inode] = "/dev/zero";
            OpenAs(file);
            return;
        }

        string path = Path.Combine(
            file.Kind == FileKind.SharedMemory ? "/dev/shm" : _directory, $"verso-verify-{Guid.NewGuid():n}");
        if (!_owners.ContainsKey(file.Inode))
        {
            _owners.Add(file.Inode, File.OpenHandle(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
            Paths[file.Inode] = path;
        }

        OpenAs(file);
    }

    private void OpenAs(WindowFile file)
    {
        FileAccess access = (file.Modes & (FileModes.Read | FileModes.Write)) switch
        {
            FileModes.Read | FileModes.Write => FileAccess.ReadWrite,
            FileModes.Write => FileAccess.Write,
            _ => FileAccess.Read,
        };
        SafeFileHandle handle = File.OpenHandle(
            PathAs(file), FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        _opened.Add(file.Letter, (_opened.Count, handle));
    }

    /// <summary>
    /// A file that may not be executed (of io_uring, perf, memfd_secret; on a mount that forbids it) is opened through
    /// a mount that forbids it; others through one that does not.
    /// </summary>
    private string PathAs(WindowFile file)
    {
        string path = Paths[file.Inode];
        string directory = Path.GetDirectoryName(path)!;
        MountExecution execution =
            (file.Modes & FileModes.NoExec) != 0 ? MountExecution.Forbidden : MountExecution.Allowed;
        if (FileSpace.ExecutionIn(directory) == execution)
        {
            return path;
        }

        if (!_views.TryGetValue((directory, execution), out MountView? view))
        {
            view = MountView.Open(directory, execution);
            _views.Add((directory, execution), view);
        }

        return Path.Combine(view.Path, Path.GetFileName(path));
    }

    private SafeFileHandle Owner(char letter) =>
        _owners[_files.First(file => file.Letter == letter).Inode];
}
