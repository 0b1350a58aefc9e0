namespace Verso.Traces;

/// <summary>Copies a trace or a snapshot from a stream that can be read only once and may have no end.</summary>
public static class TraceCopy
{
    /// <summary>The longest text that is copied, in bytes: a reader of more refuses it.</summary>
    public const int MostTextBytes = 64 << 20;

    private const int ChunkBytes = 1 << 16;

    /// <summary>Copies text, up to one byte more than <see cref="MostTextBytes"/>.</summary>
    public static void CopyText(Stream source, Stream target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        byte[] chunk = new byte[ChunkBytes];
        int got;
        for (int left = MostTextBytes + 1; left > 0; left -= got)
        {
            got = source.Read(chunk, 0, Math.Min(left, ChunkBytes));
            if (got == 0)
            {
                return;
            }

            target.Write(chunk.AsSpan(0, got));
        }
    }

    /// <summary>
    /// Copies for as long as it is one: frame after frame, up to the first that is none, and that one's head. A
    /// reader of the copy says what is wrong there, as it would of the original. What begins as a JSON object does is
    /// copied as text.
    /// </summary>
    public static void Copy(Stream source, Stream target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        byte[] chunk = new byte[ChunkBytes];
        ReadOnlySpan<byte> begin = chunk.AsSpan(0, Take(BlockFormat.Magic.Length));
        if (!begin.SequenceEqual(BlockFormat.Magic) && !begin.SequenceEqual(BlockFormat.SnapshotMagic))
        {
            if (begin.StartsWith("{"u8))
            {
                CopyText(source, target);
            }

            return;
        }

        while (Take(BlockFormat.FrameHeaderBytes) == BlockFormat.FrameHeaderBytes && TryRead(chunk, out int body))
        {
            while (body > 0)
            {
                int taken = Take(Math.Min(body, ChunkBytes));
                if (taken == 0)
                {
                    return;
                }

                body -= taken;
            }
        }

        int Take(int bytes)
        {
            int got = source.ReadAtLeast(chunk.AsSpan(0, bytes), bytes, throwOnEndOfStream: false);
            target.Write(chunk.AsSpan(0, got));
            return got;
        }
    }

    private static bool TryRead(ReadOnlySpan<byte> head, out int body)
    {
        try
        {
            body = FrameHeader.Read(head, 0).StoredBytes;
            return true;
        }
        catch (TraceFormatException)
        {
            body = 0;
            return false;
        }
    }
}
