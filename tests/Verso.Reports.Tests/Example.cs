using System.Runtime.CompilerServices;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;

namespace Verso.Reports.Tests;

/// <summary>A recording of examples/, replayed once for all tests: reports are made of real results.</summary>
internal static class Example
{
    public const string Name = "bash-pipeline";

    /// <summary>The reference and two designs, of which one has figures of its own.</summary>
    public static DesignComparison Comparison { get; } = Compare("anon-vma-chain,page-table-scan,reflink");

    public static TraceComparison Trace => Comparison.Traces[0];

    private static DesignComparison Compare(string chosen)
    {
        using TraceInput input = TraceInput.Open(Path.Combine(Folder(), $"{Name}.verso"));
        IReadOnlyList<DesignChoice> designs = DesignChoice.ParseList(chosen);
        return DesignComparison.Run([input], designs, new ReplayOptions { Design = designs[0] }, jobs: 1);
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../examples"));
}
