using System.Text.RegularExpressions;
using Verso.Engine.Images;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>
/// Names of files; those of many in one folder with one suffix, or that differ in numbers only, as one:
/// <c>/index/*.dvd (deleted)</c>, <c>/log/segment.* (deleted)</c>.
/// </summary>
internal sealed partial class FileNamePatterns
{
    private const string Deleted = " (deleted)";

    /// <summary>Of fewer files each is named.</summary>
    private const int Many = 16;

    private readonly SpaceExplanation _explanation;
    private readonly Dictionary<string, string> _patterns = [];

    internal FileNamePatterns(SpaceExplanation explanation)
    {
        _explanation = explanation;
        IEnumerable<string> paths = explanation.Process.Image.Vmas.Select(explanation.PathOf)
            .Where(path => path.Length > 0).Distinct();
        foreach (IGrouping<string, string> alike in paths.GroupBy(PatternOf))
        {
            string[] those = [.. alike];
            foreach (string path in those)
            {
                _patterns[path] = those.Length >= Many ? alike.Key : path;
            }
        }
    }

    /// <summary>The name of a file or of those like it, fit for a terminal.</summary>
    internal string Of(VmaImage vma)
    {
        string path = _explanation.PathOf(vma);
        return path.Length == 0 ? BoundaryText.NameOf(_explanation, vma) : Printable.Of(_patterns[path]);
    }

    private static string PatternOf(string path)
    {
        bool isDeleted = path.EndsWith(Deleted, StringComparison.Ordinal);
        string name = isDeleted ? path[..^Deleted.Length] : path;
        int slash = name.LastIndexOf('/');
        int point = name.LastIndexOf('.');
        string suffix = point > slash + 1 ? name[point..] : "";
        string folder = name[..(slash + 1)];
        string pattern = suffix.Any(char.IsAsciiDigit) ? Numbers().Replace(name[(slash + 1)..], "*") : $"*{suffix}";
        return $"{folder}{pattern}{(isDeleted ? Deleted : "")}";
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
