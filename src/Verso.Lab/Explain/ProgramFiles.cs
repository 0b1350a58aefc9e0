using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Explain;

/// <summary>Tells the sections of programs and libraries from parts of a file that was mapped as a whole.</summary>
/// <remarks>
/// Of a program or a library something is executable, and the permissions change where one section ends and the next
/// begins: each way once or twice in one file. A file of which nothing is executable is data; and where the same change
/// comes again and again, parts of one section got permissions of their own.
/// </remarks>
internal sealed class ProgramFiles
{
    /// <summary>No linker makes one change of permissions as often as that in one file.</summary>
    private const int FewestOfParts = 4;

    private readonly Dictionary<FileId, FileIdentity> _files;
    private readonly HashSet<(ulong Device, ulong Inode)> _programs = [];
    private readonly Dictionary<(FileId File, VmaFlags Below, VmaFlags Above), int> _changes = [];

    /// <param name="vmas">Of an address space, by ascending address.</param>
    /// <param name="files">What is known of the files that they map.</param>
    internal ProgramFiles(IReadOnlyList<VmaImage> vmas, Dictionary<FileId, FileIdentity> files)
    {
        _files = files;
        for (int at = 0; at < vmas.Count; at++)
        {
            if ((vmas[at].Flags & VmaFlags.Exec) != 0 && files.TryGetValue(vmas[at].File, out FileIdentity? file))
            {
                _programs.Add((file.Device, file.Inode));
            }

            if (at > 0 && !vmas[at].File.IsNone && vmas[at - 1].File == vmas[at].File
                && vmas[at - 1].End == vmas[at].Start)
            {
                var change = Change(vmas[at - 1], vmas[at]);
                _changes[change] = _changes.GetValueOrDefault(change) + 1;
            }
        }
    }

    /// <summary>Whether two VMAs that touch and map one file are sections of a program.</summary>
    internal bool AreSections(VmaImage lower, VmaImage upper) =>
        _files.TryGetValue(lower.File, out FileIdentity? file) && _programs.Contains((file.Device, file.Inode))
        && _changes.GetValueOrDefault(Change(lower, upper)) < FewestOfParts;

    private static (FileId File, VmaFlags Below, VmaFlags Above) Change(VmaImage lower, VmaImage upper)
    {
        const VmaFlags Section = VmaFlags.Access | VmaFlags.Account;
        return (lower.File, lower.Flags & Section, upper.Flags & Section);
    }
}
