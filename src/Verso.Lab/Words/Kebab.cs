using System.Text;

namespace Verso.Lab.Words;

/// <summary>Names of enum members as output has them: <c>PageOffset</c> is <c>page-offset</c>.</summary>
public static class Kebab
{
    public static string Of(string pascal) => Convert(pascal, '-');

    /// <summary>As JSON keys have them: <c>pageOffset</c>.</summary>
    public static string Camel(string pascal) => char.ToLowerInvariant(pascal[0]) + pascal[1..];

    /// <summary>With a separator of one's choice.</summary>
    public static string Convert(string pascal, char separator)
    {
        StringBuilder text = new(pascal.Length + 4);
        foreach (char letter in pascal)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append(separator);
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
