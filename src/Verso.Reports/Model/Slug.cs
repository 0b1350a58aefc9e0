namespace Verso.Reports.Model;

/// <summary>Names as fragments of links and names of files have them.</summary>
public static class Slug
{
    /// <summary>Lower-case letters and digits, all else as one hyphen: <c>reflink-step-3</c>.</summary>
    public static string Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return string.Join('-', string.Concat(
            name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' '))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
