using Verso.Engine.Vmas;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>How often one test was the first to refuse a merge.</summary>
public sealed record MergeReason(string Name, long Count);

/// <summary>The refusals by reason, named as in every output.</summary>
public static class MergeReasons
{
    public static IReadOnlyList<MergeReason> Of(IReadOnlyDictionary<MergeTests, long> refused) =>
        [.. refused.OrderBy(entry => (int)entry.Key).Select(entry => new MergeReason(Name(entry.Key), entry.Value))];

    /// <summary><c>anon-vma</c>, <c>page-offset</c>, ...: the name of a single test.</summary>
    public static string Name(MergeTests test) => Kebab.Of(test.ToString());
}
