using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Explain.Copies;

/// <summary>
/// Two VMAs that touch, reduced to what decides whether they merge. Equal situations are of one kind: addresses, sizes
/// and names of files are left out, as no merge test looks at them.
/// </summary>
/// <param name="Lower">The VMA below.</param>
/// <param name="Upper">The VMA above.</param>
/// <param name="Offsets">Whether their page offsets continue each other.</param>
public sealed record Situation(SituationSide Lower, SituationSide Upper, PageOffsets Offsets)
{
    /// <summary>Chains are told apart up to this length.</summary>
    public const int LongestChain = 6;

    /// <summary>Flags that are no part of a situation: they never keep VMAs apart.</summary>
    public const VmaFlags IgnoredFlags = VmaFlags.SoftDirty | VmaFlags.MaybeGuard;

    /// <summary>What a pair of a live process is.</summary>
    /// <param name="boundary">The pair.</param>
    /// <param name="find">What is known of a file; null for nothing.</param>
    public static Situation Of(Boundary boundary, Func<FileId, FileIdentity?> find)
    {
        ArgumentNullException.ThrowIfNull(boundary);
        ArgumentNullException.ThrowIfNull(find);
        (VmaImage lower, VmaImage upper) = (boundary.Lower, boundary.Upper);
        ulong pages = (lower.End - lower.Start) >> Page.Shift;
        (int lowerPolicy, int upperPolicy) = Number(Policy(lower), Policy(upper), null);
        (int lowerContext, int upperContext) = Number(lower.Traits.Userfault, upper.Traits.Userfault, 0ul);
        (int lowerFile, int upperFile) = Number(lower.File, upper.File, default);
        (int lowerAnon, int upperAnon) = Number(lower.AnonVma, upper.AnonVma, 0ul);
        return new Situation(
            Side(lower, find) with
            {
                File = lowerFile,
                Policy = lowerPolicy,
                Userfault = lowerContext,
                AnonVma = lowerAnon,
            },
            Side(upper, find) with
            {
                File = upperFile,
                Policy = upperPolicy,
                Userfault = upperContext,
                AnonVma = upperAnon,
            },
            lower.Pgoff + pages == upper.Pgoff ? PageOffsets.Linear : PageOffsets.Apart);
    }

    /// <summary>The same with its numbers counted from 1, the lower side first.</summary>
    public Situation Renumbered()
    {
        (int lowerPolicy, int upperPolicy) = Number(Lower.Policy, Upper.Policy, 0);
        (int lowerContext, int upperContext) = Number(Lower.Userfault, Upper.Userfault, 0);
        (int lowerFile, int upperFile) = Number(Lower.File, Upper.File, 0);
        (int lowerAnon, int upperAnon) = Number(Lower.AnonVma, Upper.AnonVma, 0);
        return this with
        {
            Lower = Lower with
            {
                Policy = lowerPolicy,
                Userfault = lowerContext,
                File = lowerFile,
                AnonVma = lowerAnon,
            },
            Upper = Upper with
            {
                Policy = upperPolicy,
                Userfault = upperContext,
                File = upperFile,
                AnonVma = upperAnon,
            },
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Lower} | {Upper}{(Offsets == PageOffsets.Apart ? ", offsets apart" : "")}";

    private static SituationSide Side(VmaImage vma, Func<FileId, FileIdentity?> find)
    {
        FileIdentity? file = vma.File.IsNone ? null : find(vma.File);
        Backing backing = BackingKinds.Of(vma, file);
        return new SituationSide
        {
            Backing = backing,
            Driver = backing == Backing.Driver ? file?.Path ?? "" : "",
            Flags = vma.Flags & ~IgnoredFlags & ~FlagsUserspaceCannotSet(backing),
            Name = vma.Traits.Name,
            Chain = Math.Min(vma.Chain.Count, LongestChain),
        };
    }

    // Whether what has no name may be executed was decided otherwise by kernels before 6.16.
    private static VmaFlags FlagsUserspaceCannotSet(Backing backing) =>
        backing is Backing.IoUring or Backing.PerfEvents ? VmaFlags.MayExec : VmaFlags.None;

    private static object? Policy(VmaImage vma) => vma.Traits is { PolicyMode: 0, PolicyNodes: 0 }
        ? null
        : (vma.Traits.PolicyMode, vma.Traits.PolicyNodes);

    private static (int Lower, int Upper) Number<T>(T lower, T upper, T none)
    {
        int first = Equals(lower, none) ? 0 : 1;
        return (first, Equals(upper, none) ? 0 : Equals(lower, upper) ? first : first + 1);
    }
}

/// <summary>Whether the page offset of the upper VMA is that of the lower one's end.</summary>
public enum PageOffsets
{
    Linear = 0,
    Apart = 1,
}

/// <summary>
/// One of the two. Numbers of files, policies, contexts and <c>anon_vma</c>s mean something only beside the other's: 0
/// is none, equal is the same.
/// </summary>
public sealed record SituationSide
{
    /// <summary>What is behind it.</summary>
    public Backing Backing { get; init; }

    /// <summary>The file of a driver's; else empty.</summary>
    public string Driver { get; init; } = "";

    /// <summary>The open file.</summary>
    public int File { get; init; }

    /// <summary><c>vm_flags</c> but those that never matter.</summary>
    public VmaFlags Flags { get; init; }

    /// <summary>The memory policy.</summary>
    public int Policy { get; init; }

    /// <summary>The userfaultfd context.</summary>
    public int Userfault { get; init; }

    /// <summary>The name of anonymous memory; null where there is none.</summary>
    public string? Name { get; init; }

    /// <summary>The <c>anon_vma</c>.</summary>
    public int AnonVma { get; init; }

    /// <summary>The length of the chain; 0 where there is no <c>anon_vma</c>.</summary>
    public int Chain { get; init; }

    /// <summary>MAP_SHARED, or MAP_PRIVATE.</summary>
    public bool IsShared => (Flags & (VmaFlags.Shared | VmaFlags.MayShare)) != 0;

    /// <inheritdoc/>
    public override string ToString()
    {
        List<string> words = [File == 0 ? $"{Backing}" : $"{Backing} {File}{Driver}", $"{Flags & ~VmaFlags.MayAccess}"];
        if ((Flags & VmaFlags.MayAccess) != VmaFlags.MayAccess)
        {
            words.Add($"may {Flags & VmaFlags.MayAccess}");
        }

        words.AddRange(
            new[]
            {
                Policy == 0 ? "" : $"policy {Policy}",
                Userfault == 0 ? "" : $"userfaultfd {Userfault}",
                Name is null ? "" : $"name {Name}",
                AnonVma == 0 ? "" : $"anon_vma {AnonVma}, chain of {Chain}",
            }.Where(word => word.Length > 0));
        return string.Join(", ", words);
    }

    /// <summary>PROT_*.</summary>
    public Protection Protection => (Protection)(uint)(Flags & VmaFlags.Access);
}
