using System.Runtime.InteropServices;

namespace Verso.Engine.Images;

/// <summary>The lists of images as spans.</summary>
/// <remarks>
/// Each element of an array that is seen through an interface costs two calls that are looked up at run time. Images of
/// a whole machine have a million elements.
/// </remarks>
public static class ImageSpans
{
    /// <summary>The same elements; copied if the list is neither an array nor a List.</summary>
    public static ReadOnlySpan<T> AsSpan<T>(this IReadOnlyList<T> list) => list switch
    {
        T[] array => array,
        List<T> growing => CollectionsMarshal.AsSpan(growing),
        _ => list.ToArray(),
    };
}
