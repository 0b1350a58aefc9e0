using System.Text.Json.Serialization;
using Verso.Engine;

namespace Verso.Traces.Snapshots;

/// <summary>Snapshots as files: docs/snapshot.md.</summary>
public static class SnapshotFile
{
    /// <summary>Tag and length.</summary>
    private const int RecordHeadMaxBytes = 11;

    private const byte FileTag = 1;
    private const byte ProcessTag = 2;

    /// <summary>The bytes a snapshot begins with; the odd ones catch transfers that touch line ends.</summary>
    internal static ReadOnlySpan<byte> Magic => BlockFormat.SnapshotMagic;

    /// <summary>Whether a stream begins as a snapshot does; it is read no further.</summary>
    public static bool IsOne(Stream stream) => BlockFormat.Begins(stream, Magic);

    /// <summary>Writes to a stream, which may be a pipe, and leaves it open.</summary>
    /// <exception cref="IOException">
    /// It cannot be written, or the graph of one process takes more than 64 MiB.
    /// </exception>
    public static void Write(Stream stream, Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(snapshot);
        using BlockWriter writer = new(stream);
        writer.Begin(Magic, snapshot.Header, SnapshotJson.Default.SnapshotHeader);
        ByteEncoder block = new(BlockFormat.BlockTargetBytes * 2);
        ByteEncoder record = new(1 << 12);
        OpaqueNumbers numbers = new(snapshot.Processes.Sum(process => process.Image.AnonVmas.Count));
        int records = 0;
        foreach (FileIdentity file in snapshot.Files)
        {
            record.Clear();
            PayloadCodec.WriteFile(record, file);
            Append(FileTag);
        }

        foreach (ProcessGraph process in snapshot.Processes)
        {
            record.Clear();
            ProcessCodec.Write(record, process, numbers);
            Append(ProcessTag);
        }

        Flush();
        writer.End(
            new SnapshotTrailer
            {
                Processes = snapshot.Processes.Count,
                Files = snapshot.Files.Count,
                Ended = snapshot.Ended,
            },
            SnapshotJson.Default.SnapshotTrailer);

        void Append(byte tag)
        {
            if (record.Length > BlockFormat.BlockMaxBytes - RecordHeadMaxBytes)
            {
                throw new IOException($"a record of {record.Length} bytes exceeds a block");
            }

            if (block.Length + record.Length > BlockFormat.BlockTargetBytes)
            {
                Flush();
            }

            block.Byte(tag);
            block.Number((ulong)record.Length);
            block.Bytes(record.Written);
            records++;
        }

        void Flush()
        {
            if (records > 0)
            {
                writer.WriteRecords(block.Written, records);
                block.Clear();
                records = 0;
            }
        }
    }

    /// <summary>Reads a stream to its end, and leaves it open.</summary>
    /// <exception cref="SnapshotFormatException">It is no snapshot, is damaged, or ends early.</exception>
    public static Snapshot Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            return ReadBlocks(new BlockReader(stream));
        }
        catch (TraceFormatException problem)
        {
            throw new SnapshotFormatException(problem);
        }
    }

    private static Snapshot ReadBlocks(BlockReader reader)
    {
        SnapshotHeader header = reader.ReadHeader(
            Magic, "the bytes VSNAP 0d 0a 1a that a snapshot begins with", SnapshotJson.Default.SnapshotHeader);
        if (header.Version != SnapshotHeader.CurrentVersion || header.PageSizeBytes != Page.Size)
        {
            throw new TraceFormatException(
                Magic.Length,
                $"format version {SnapshotHeader.CurrentVersion} with pages of {Page.Size} bytes, "
                + $"found {header.Version} with {header.PageSizeBytes}");
        }

        if (SnapshotRules.FindBroken(header) is string broken)
        {
            throw new TraceFormatException(Magic.Length, broken);
        }

        List<FileIdentity> files = [];
        List<ProcessGraph> processes = [];
        SnapshotRules rules = new();
        ByteDecoder decoder = new();
        while (true)
        {
            long start = reader.Offset;
            if (!reader.TryReadFrame(out FrameHeader frame))
            {
                throw new TraceFormatException(start, "another block: the file was cut short");
            }

            if (frame.Type == FrameType.Trailer)
            {
                SnapshotTrailer trailer = reader.ReadJson(frame, SnapshotJson.Default.SnapshotTrailer);
                if (trailer.Processes != processes.Count || trailer.Files != files.Count)
                {
                    throw new TraceFormatException(
                        start, $"a trailer whose processes and files are {processes.Count} and {files.Count}");
                }

                if (SnapshotRules.FindBroken(trailer) is string expected)
                {
                    throw new TraceFormatException(start, expected);
                }

                reader.RequireEnd();
                return new Snapshot { Header = header, Files = files, Processes = processes, Ended = trailer.Ended };
            }

            if (frame.Type != FrameType.Events)
            {
                throw new TraceFormatException(start, "a block of records or the trailer");
            }

            int bytes = reader.Unpack(frame, start);
            decoder.Begin(reader.Raw, bytes, start);
            ReadRecords(decoder, frame.EventCount, rules, files, processes);
        }
    }

    private static void ReadRecords(
        ByteDecoder from, int count, SnapshotRules rules, List<FileIdentity> files, List<ProcessGraph> processes)
    {
        for (int i = 0; i < count; i++)
        {
            byte tag = from.Byte();
            int outer = from.Enter();
            string? expected = null;
            switch (tag)
            {
                case FileTag:
                    files.Add(PayloadCodec.ReadFile(from));
                    expected = rules.FindBroken(files[^1]);
                    break;
                case ProcessTag:
                    processes.Add(ProcessCodec.Read(from));
                    expected = rules.FindBroken(processes[^1]);
                    break;
            }

            if (expected is not null)
            {
                throw from.Malformed($"{expected} in this block");
            }

            from.Leave(outer);
        }

        if (from.Left != 0)
        {
            throw from.Short();
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SnapshotHeader))]
[JsonSerializable(typeof(SnapshotTrailer))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
