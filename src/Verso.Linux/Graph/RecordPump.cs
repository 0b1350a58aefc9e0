using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Verso.Engine;

namespace Verso.Linux.Graph;

/// <summary>
/// Reads on one thread while another takes in what was read: the kernel makes records about as fast as they become
/// images, so with two processors a reading takes little longer than the slower of the two.
/// </summary>
internal static class RecordPump
{
    /// <summary>The kernel gives at most 32 KiB at a time.</summary>
    private const int BufferBytes = 32 << 10;

    /// <summary>How far the kernel may be ahead.</summary>
    private const int Buffers = 64;

    /// <summary>How the kernel is read: fills the buffer and returns how many bytes; 0 at the end.</summary>
    internal delegate int Source(Span<byte> buffer);

    /// <summary>Takes everything in, on the calling thread and in order.</summary>
    internal static void Run(Source source, Action<ReadOnlyMemory<byte>> take)
    {
        using BlockingCollection<byte[]> free = new(Buffers);
        using BlockingCollection<(byte[] Buffer, int Length)> filled = new(Buffers);
        for (var i = 0; i < Buffers; i++)
        {
            free.Add(GC.AllocateUninitializedArray<byte>(BufferBytes));
        }

        ExceptionDispatchInfo? problem = null;
        Thread reader = new(() => problem = Read(source, free, filled)) { IsBackground = true, Name = "graph" };
        reader.Start();
        try
        {
            foreach (var (buffer, length) in filled.GetConsumingEnumerable())
            {
                take(buffer.AsMemory(0, length));
                free.Add(buffer);
            }
        }
        catch
        {
            // Nobody takes any more: let the reader run out of buffers, not wait for them.
            free.CompleteAdding();
            throw;
        }
        finally
        {
            reader.Join();
        }

        problem?.Throw();
    }

    private static ExceptionDispatchInfo? Read(
        Source source, BlockingCollection<byte[]> free, BlockingCollection<(byte[] Buffer, int Length)> filled)
    {
        try
        {
            while (free.TryTake(out var buffer, Timeout.Infinite))
            {
                var length = source(buffer);
                Invariant.Require(length <= buffer.Length);
                if (length == 0)
                {
                    break;
                }

                filled.Add((buffer, length));
            }

            return null;
        }
        catch (Exception problem) when (problem is GraphUnavailableException or InvariantException)
        {
            return ExceptionDispatchInfo.Capture(problem);
        }
        finally
        {
            filled.CompleteAdding();
        }
    }
}
