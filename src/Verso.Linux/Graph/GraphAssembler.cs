using System.Runtime.InteropServices;
using System.Text;
using Verso.Engine;
using Verso.Linux.Interop;

namespace Verso.Linux.Graph;

/// <summary>Makes process images of the records of Bpf/graph_records.h.</summary>
internal sealed class GraphAssembler
{
    private readonly FileCatalogue _files = new();
    private readonly TraitsCatalogue _traits = new();
    private readonly List<ProcessDraft> _drafts = [];
    private readonly Dictionary<int, ProcessDraft> _byPid = [];
    private ProcessDraft? _current;
    private int _used;
    private int _skip;

    /// <summary>What every file id of every image means.</summary>
    internal FileCatalogue Files => _files;

    /// <summary>What was found, in the kernel's order.</summary>
    internal ReadOnlySpan<ProcessDraft> Drafts => CollectionsMarshal.AsSpan(_drafts)[.._used];

    /// <summary>Whether some chain is longer than what came so far.</summary>
    internal bool IsUnfinished
    {
        get
        {
            foreach (var draft in Drafts)
            {
                if (draft.Unfinished > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Begins a new reading.</summary>
    internal void Begin()
    {
        _byPid.Clear();
        _current = null;
        _used = 0;
        _skip = 0;
    }

    /// <summary>Begins another round, whose records are the chains from an entry on.</summary>
    internal void Continue(int skip)
    {
        foreach (var draft in Drafts)
        {
            draft.BeginContinuation();
        }

        _current = null;
        _skip = skip;
    }

    /// <summary>Gives up the memory of large readings.</summary>
    internal void Trim()
    {
        Begin();
        _drafts.Clear();
    }

    /// <summary>Takes in whole records.</summary>
    internal void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var head = new GraphHead(MemoryMarshal.Read<ulong>(bytes));
            Invariant.Require(head.Words > 0 && head.Words * sizeof(ulong) <= bytes.Length);
            Add(head, bytes[..(head.Words * sizeof(ulong))]);
            bytes = bytes[(head.Words * sizeof(ulong))..];
        }
    }

    private void Add(GraphHead head, ReadOnlySpan<byte> record)
    {
        switch (head.Kind)
        {
            case GraphKind.Mm:
                AddMm((int)head.Upper, MemoryMarshal.AsRef<GraphMm>(record));
                break;
            case GraphKind.File:
                AddFile(MemoryMarshal.AsRef<GraphFile>(record), record[Marshal.SizeOf<GraphFile>()..]);
                break;
            case GraphKind.Vma:
                AddVma(MemoryMarshal.AsRef<GraphVma>(record));
                break;
            case GraphKind.Name:
                _current?.SetName(Text(record[sizeof(ulong)..]));
                break;
            case GraphKind.Link:
                _current?.AddLink(MemoryMarshal.AsRef<GraphLink>(record));
                break;
            case GraphKind.More:
                _current?.LeaveUnfinished();
                break;
            default:
                Invariant.Require(false);
                break;
        }
    }

    // The kernel shows a process once for each of its threads that has file descriptors of its own, and the head comes
    // again after a full buffer. What was read before counts; an exec in between makes a new start.
    private void AddMm(int pid, in GraphMm mm)
    {
        if (_current is not null && _current.Pid == pid && _current.Identity == mm.Mm)
        {
            return;
        }

        if (_byPid.TryGetValue(pid, out var known))
        {
            _current = _skip > 0 && known.Identity == mm.Mm ? known : null;
            if (known.Identity != mm.Mm)
            {
                known.MarkChanged();
            }

            return;
        }

        if (_skip > 0)
        {
            _current = null;
            return;
        }

        if (_used == _drafts.Count)
        {
            _drafts.Add(new ProcessDraft(_traits));
        }

        _current = _drafts[_used++];
        _current.Begin(pid, mm);
        _byPid.Add(pid, _current);
    }

    private void AddVma(in GraphVma vma)
    {
        if (_skip > 0)
        {
            _current?.ContinueVma(vma, _skip);
        }
        else
        {
            _current?.AddVma(vma, _files.Find(vma.File));
        }
    }

    private void AddFile(in GraphFile file, ReadOnlySpan<byte> path)
    {
        var record = new FileRecord
        {
            File = file.File,
            Inode = file.Inode,
            Size = file.Size,
            Magic = file.Magic,
            Device = file.Device,
            DeviceOfNode = file.DeviceOfNode,
            Mode = file.Mode,
            Access = file.Access,
        };
        _ = _files.Define(record, Text(path));
    }

    /// <summary>Up to the NUL that ends it, if there is one.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
