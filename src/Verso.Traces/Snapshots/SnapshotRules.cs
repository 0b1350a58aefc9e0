using Verso.Engine.Images;

namespace Verso.Traces.Snapshots;

/// <summary>What holds for every snapshot, so that nothing behind the reader has to doubt it.</summary>
/// <remarks>
/// Graphs are read while their programs run: which chains and counts fit together is for those to say who load them.
/// </remarks>
internal sealed class SnapshotRules
{
    private const long LastSecondOfYear9999 = 253_402_300_799;

    private readonly HashSet<int> _files = [];
    private int _lastPid;

    /// <summary>The rule that a header breaks, as what was expected; null if none.</summary>
    public static string? FindBroken(SnapshotHeader header) =>
        header is { MaxMapCount: > 0, DurationNanoseconds: >= 0, TakenUnixSeconds: >= 0 and <= LastSecondOfYear9999 }
            ? null
            : "a header with a map count limit, a time and a duration";

    /// <summary>The rule that a trailer breaks.</summary>
    public static string? FindBroken(SnapshotTrailer trailer)
    {
        int last = 0;
        foreach (int pid in trailer.Ended)
        {
            if (pid <= last)
            {
                return "ended processes by ascending process id";
            }

            last = pid;
        }

        return null;
    }

    /// <summary>The rule that the next file breaks.</summary>
    public string? FindBroken(FileIdentity file) =>
        !file.File.IsNone && _files.Add(file.File.Value) ? null : "files with ids of their own";

    /// <summary>The rule that the next process breaks.</summary>
    public string? FindBroken(ProcessGraph process)
    {
        if (process.Pid <= _lastPid)
        {
            return "processes by ascending process id";
        }

        _lastPid = process.Pid;
        foreach (VmaImage vma in process.Image.Vmas)
        {
            if (!vma.File.IsNone && !_files.Contains(vma.File.Value))
            {
                return "files before the processes that map them";
            }
        }

        return null;
    }
}
