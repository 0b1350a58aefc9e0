namespace Verso.Traces;

/// <summary>Copies a trace or a snapshot from a stream that can be read only once and may have no end.</summary>
public static class TraceCopy
{
    private const int ChunkBytes = 1 << 16;

    /// <summary>
    /// Copies for as long as it is one: frame after frame, up to the first that is none, and that one's head. A
    /// reader of the copy says what is wrong there, as it would of the original.
    /// </summary>
    public static void Copy(Stream source, Stream target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        byte[] chunk = new byte[ChunkBytes];
        ReadOnlySpan<byte> begin = chunk.AsSpan(0, Take(BlockFormat.Magic.Length));
        if (!begin.SequenceEqual(BlockFormat.Magic) && !begin.SequenceEqual(BlockFormat.SnapshotMagic))
        {
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
