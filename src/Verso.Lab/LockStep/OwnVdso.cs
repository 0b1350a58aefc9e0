using Verso.Engine;
using Verso.Linux.Proc;

namespace Verso.Lab.LockStep;

/// <summary>The vDSO of the running kernel, as this process has it.</summary>
internal static class OwnVdso
{
    /// <summary>Its sizes. All 0 where the kernel was started with vdso=0.</summary>
    internal static VdsoLayout Layout()
    {
        MapsLine[] lines = [.. File.ReadLines("/proc/self/maps").Select(line => MapsLine.Parse(line))];
        return new VdsoLayout(PagesOf("[vvar]"), PagesOf("[vvar_vclock]"), PagesOf("[vdso]"));

        int PagesOf(string name) => (int)lines.Where(line => line.Name == name)
            .Aggregate(0UL, (pages, line) => pages + ((line.End - line.Start) >> Page.Shift));
    }
}
