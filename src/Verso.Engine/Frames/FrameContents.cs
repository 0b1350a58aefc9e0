namespace Verso.Engine.Frames;

/// <summary>
/// The bytes of frames, where a machine keeps them: blocks of 64 frames, made when first used and then kept.
/// </summary>
internal sealed class FrameContents
{
    private const int BlockShift = 6;
    private const int BlockFrames = 1 << BlockShift;

    private byte[]?[] _blocks = new byte[16][];

    /// <summary>The bytes of a frame that has been cleared before.</summary>
    public Span<byte> Of(int pfn) =>
        _blocks[pfn >> BlockShift].AsSpan((pfn & (BlockFrames - 1)) << Page.Shift, Page.Size);

    /// <summary>Fills a frame with 0.</summary>
    public void Clear(int pfn)
    {
        int block = pfn >> BlockShift;
        if (block >= _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(block + 1, _blocks.Length * 2));
        }

        _blocks[block] ??= new byte[BlockFrames * Page.Size];
        Of(pfn).Clear();
    }
}
