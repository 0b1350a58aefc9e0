namespace Verso.Engine.Objects;

/// <summary>
/// The made-up contents of regular files: a byte for each (device, inode, offset), so that a test can say what a
/// page of a file must read without a file.
/// </summary>
public static class FilePattern
{
    /// <summary>
    /// The byte of a regular file at this byte offset, before any write, truncation or hole. Never 0.
    /// </summary>
    public static byte At(ulong device, ulong inode, ulong offset)
    {
        ulong seed = Seed(device, inode, offset >> Page.Shift);
        return Of(seed, (int)(offset & ~Page.Mask));
    }

    /// <summary>Fills a page with the bytes of one page of the file.</summary>
    internal static void Fill(Span<byte> page, ulong device, ulong inode, ulong pgoff)
    {
        ulong seed = Seed(device, inode, pgoff);
        for (int i = 0; i < page.Length; i++)
        {
            page[i] = Of(seed, i);
        }
    }

    private static byte Of(ulong seed, int offset)
    {
        // 1..255: a page that reads 0 is a page that was lost or discarded.
        ulong mixed = unchecked((seed + (ulong)offset) * 0x9E3779B97F4A7C15UL) >> 32;
        return (byte)(1 + (mixed % 255));
    }

    private static ulong Seed(ulong device, ulong inode, ulong pgoff)
    {
        unchecked
        {
            ulong seed = (device * 0xBF58476D1CE4E5B9UL) ^ (inode * 0x94D049BB133111EBUL) ^ (pgoff << Page.Shift);
            seed ^= seed >> 31;
            return seed * 0x9E3779B97F4A7C15UL;
        }
    }
}
