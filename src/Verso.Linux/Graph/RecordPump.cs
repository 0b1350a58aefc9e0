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
        using BlockingCollection<Records> free = new(Buffers);
        using BlockingCollection<Records> filled = new(Buffers);
        for (var i = 0; i < Buffers; i++)
        {
            free.Add(new Records());
        }

        ExceptionDispatchInfo? problem = null;
        Thread reader = new(() => problem = Read(source, free, filled)) { IsBackground = true, Name = "graph" };
        reader.Start();
        try
        {
            foreach (var records in filled.GetConsumingEnumerable())
            {
                take(records.Bytes.AsMemory(0, records.Length));
                free.Add(records);
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
        Source source, BlockingCollection<Records> free, BlockingCollection<Records> filled)
    {
        try
        {
            while (free.TryTake(out var records, Timeout.Infinite))
            {
                records.Length = source(records.Bytes);
                Invariant.Require(records.Length <= records.Bytes.Length);
                if (records.Length == 0)
                {
                    break;
                }

                filled.Add(records);
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

    /// <summary>What one read gave.</summary>
    private sealed class Records
    {
        internal byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(BufferBytes);

        internal int Length { get; set; }
    }
}
