using System.Globalization;
using System.Text;
using Verso.Lab.Callers;

namespace Verso.Reports.Text;

/// <summary>Where in a program calls come from, as text.</summary>
internal static class CallerText
{
    /// <summary>Callers that are listed.</summary>
    internal const int Most = 5;

    /// <summary>On one line: <c>guard &lt;- make_buffers &lt;- main (/usr/bin/server)</c>.</summary>
    internal static string Of(CallSite site)
    {
        string functions = string.Join(" <- ", site.Functions.Select(Printable.Of));
        return site.Path.Length == 0 ? functions : $"{functions} ({Printable.Of(site.Path)})";
    }

    /// <summary>Callers with their boundaries; nothing where there are none.</summary>
    internal static void Append(StringBuilder text, IReadOnlyList<CallerCount> callers)
    {
        text.Append(callers.Count == 0 ? "" : "  called from:\n");
        foreach (CallerCount caller in callers.Take(Most))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {caller.Boundaries,6}  {Of(caller.Site)}\n");
        }

        int rest = callers.Skip(Most).Sum(caller => caller.Boundaries);
        string places = Figures.Plural(callers.Count - Most, "other place", "other places");
        text.Append(rest == 0 ? "" : $"  {Figures.Count(rest),6}  from {places}\n");
    }
}
