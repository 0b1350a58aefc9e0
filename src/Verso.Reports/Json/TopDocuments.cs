using Verso.Lab.Families;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>One process.</summary>
/// <param name="Pid">Its id; of several that share an address space the lowest.</param>
/// <param name="Command">Its name (<c>comm</c>).</param>
/// <param name="Cgroup">Its control group, empty if it is not known; left out with <c>--from</c>.</param>
/// <param name="Unit">The innermost unit of systemd in it, empty if there is none; left out with <c>--from</c>.</param>
/// <param name="Vmas">VMAs now.</param>
/// <param name="Percent"><c>vmas</c> of <c>maxMapCount</c>.</param>
/// <param name="MoreVmas">VMAs more than at the refresh before; left out of what was not in that.</param>
/// <param name="VmasPerSecond"><unit>VMAs/s</unit> The same in a second.</param>
/// <param name="AnonVmas"><c>anon_vma</c>s of its own: no two processes count one. From here: as root only.</param>
/// <param name="ChainEntries">Entries of its chains: so many <c>anon_vma_chain</c>s.</param>
/// <param name="LongestChain">Entries of the longest chain of a VMA.</param>
/// <param name="WidestTree">The most VMAs in the interval tree of an <c>anon_vma</c> that its chains name.</param>
/// <param name="Bytes">Its <c>anon_vma_chain</c>s and its own <c>anon_vma</c>s.</param>
/// <param name="MoreBytes">Bytes more than at the refresh before; left out of what was not in that.</param>
public sealed record TopProcessDocument(
    int Pid,
    string Command,
    string? Cgroup,
    string? Unit,
    int Vmas,
    double Percent,
    long? MoreVmas,
    double? VmasPerSecond,
    int? AnonVmas,
    long? ChainEntries,
    int? LongestChain,
    int? WidestTree,
    long? Bytes,
    long? MoreBytes);

/// <summary><c>verso top -j</c>, a document a refresh: processes by VMAs and what their reverse maps cost.</summary>
/// <example>verso top --from examples/redis-fork.vsnap -j</example>
/// <param name="Schema"><c>verso-top/1</c></param>
/// <param name="Kernel"><c>uname -r</c>.</param>
/// <param name="TakenUnixSeconds">When.</param>
/// <param name="DurationNanoseconds">How long the reading took.</param>
/// <param name="MaxMapCount"><c>vm.max_map_count</c>.</param>
/// <param name="Vmas">VMAs of all processes that were read.</param>
/// <param name="AnonVmas">Their <c>anon_vma</c>s; this, roots, chain entries and bytes: as root only.</param>
/// <param name="Roots">Trees of these.</param>
/// <param name="ChainEntries">Entries of all chains.</param>
/// <param name="Bytes">All <c>anon_vma</c>s and <c>anon_vma_chain</c>s.</param>
/// <param name="Processes">In the order of <c>--sort</c>, at most <c>--limit</c>.</param>
public sealed record TopDocument(
    string Schema,
    string Kernel,
    long TakenUnixSeconds,
    long DurationNanoseconds,
    int MaxMapCount,
    long Vmas,
    long? AnonVmas,
    long? Roots,
    long? ChainEntries,
    long? Bytes,
    IReadOnlyList<TopProcessDocument> Processes);

internal static class TopDocuments
{
    public static TopDocument Of(TopView view, int limit) => new(
        "verso-top/1",
        view.Header.Kernel,
        view.Header.TakenUnixSeconds,
        view.Header.DurationNanoseconds,
        view.Header.MaxMapCount,
        view.Vmas,
        view.HasGraph ? view.AnonVmas : null,
        view.HasGraph ? view.Roots : null,
        view.HasGraph ? view.ChainEntries : null,
        view.HasGraph ? view.Bytes : null,
        [.. view.Rows.Take(limit).Select(row => new TopProcessDocument(
            row.Pid,
            row.Command,
            row.Group?.Path,
            row.Group?.Unit,
            row.Vmas,
            Rounded(TopText.Percent(view, row)),
            row.MoreVmas,
            row.VmasPerSecond is double speed ? Rounded(speed) : null,
            view.HasGraph ? row.AnonVmas : null,
            view.HasGraph ? row.ChainEntries : null,
            view.HasGraph ? row.LongestChain : null,
            view.HasGraph ? row.WidestTree : null,
            view.HasGraph ? row.Bytes : null,
            view.HasGraph ? row.MoreBytes : null))]);

    private static double Rounded(double value) => Math.Round(value, 2, MidpointRounding.AwayFromZero);
}
