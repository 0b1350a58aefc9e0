using Verso.Engine;

namespace Verso.Traces.Importers;

// What whole calls do.
public sealed partial class StraceImporter
{
    private readonly StraceCall _parsed = new();
    private readonly ulong[] _arguments = new ulong[6];

    private void Complete(ImportedTask task, string text)
    {
        if (!_parsed.TryParse(text))
        {
            _tally.Unknown(_tally.Line);
            return;
        }

        if (_parsed.IsInjected)
        {
            _tally.Injected++;
            return;
        }

        // The first call of every loader, where -e trace= left the exec out.
        if (_tasks.Count == 1 && !_outlet.HasEvents && _parsed.Name is "brk" && _parsed.Argument(0) is "NULL" or "0")
        {
            _tasks.IsAttach = false;
        }

        switch (_parsed.Name)
        {
            case "clone" or "clone3" or "fork" or "vfork":
                if (_parsed is { HasResult: true, Result: > 0 and <= int.MaxValue })
                {
                    StartChild(task, (int)_parsed.Result);
                }

                ReadOrphans();
                break;
            case "execve" or "execveat":
                if (_parsed is { HasResult: true, Result: 0 })
                {
                    Execute(task);
                }

                break;
            case "exit" or "exit_group":
                BeginExit(task, _parsed.Name);
                break;
            default:
                CompleteCall(task);
                break;
        }
    }

    private void BeginExit(ImportedTask task, ReadOnlySpan<char> call)
    {
        task.IsExiting = true;
        if (call is "exit_group")
        {
            _tasks.EndProcess(task);
        }
    }

    private void CompleteCall(ImportedTask task)
    {
        int count = MemoryCalls.ArgumentsOf(_parsed.Name);
        if (count == -1)
        {
            _tally.OtherCalls++;
            if (_parsed is { HasResult: true, Result: >= 0 })
            {
                FollowDescriptors(task);
            }
        }
        else if (count < 0)
        {
            _tally.NotImported++;
        }
        else if (!_parsed.HasResult)
        {
            _tally.WithoutResult++;
        }
        else
        {
            WriteCall(task, count);
        }
    }

    private void WriteCall(ImportedTask task, int count)
    {
        if (!TryReadArguments(count))
        {
            _tally.NotImported++;
            return;
        }

        TraceEvent e = MemoryCalls.Translate(_parsed.Name, _arguments.AsSpan(0, count));
        long result = _parsed.Result;
        if (e.Kind == TraceEventKind.None || _resuming is { IsWritten: true })
        {
            _tally.OtherCalls += e.Kind == TraceEventKind.None ? 1 : 0;
            return;
        }

        _tasks.MmOf(task);
        switch (e.Kind)
        {
            case TraceEventKind.Mmap when ((MapFlags)e.Arg3 & MapFlags.Anonymous) == 0:
                e.Arg4 = (ulong)MappedFile(task, e).Value;
                break;
            case TraceEventKind.Shmat:
                ImportedFile segment = _files.OfSegment((long)e.Arg0);
                e.Arg3 = segment.SizeBytes;
                e.Arg4 = (ulong)_files.Map(segment, task).Value;
                break;
            default:
                break;
        }

        bool places = e.Kind is TraceEventKind.Mmap or TraceEventKind.Mremap or TraceEventKind.Shmat;
        if (places && !SyscallResult.IsError(result))
        {
            WriteUnmapsBefore(task, (ulong)result, e);
        }

        _calls.Write(task, e, result);
    }

    /// <summary>
    /// A place that the kernel chose was free: an munmap of it by another thread that has not returned yet came first.
    /// </summary>
    private void WriteUnmapsBefore(ImportedTask task, ulong address, in TraceEvent call)
    {
        bool isFixed = call.Kind == TraceEventKind.Mmap && ((MapFlags)call.Arg3 & MapFlags.Fixed) != 0;
        if (isFixed || (call.Kind == TraceEventKind.Mremap && address == call.Arg0))
        {
            return;
        }

        ulong length = call.Kind switch
        {
            TraceEventKind.Mmap => call.Arg1,
            TraceEventKind.Mremap => call.Arg2,
            _ => call.Arg3,
        };
        foreach ((ImportedTask other, PendingCall pending) in _pending)
        {
            if (other == task || other.Mm != task.Mm || pending.IsWritten
                || !pending.Head.StartsWith("munmap(", StringComparison.Ordinal))
            {
                continue;
            }

            ReadOnlySpan<char> rest = pending.Head.AsSpan("munmap(".Length).TrimEnd(')');
            int comma = rest.IndexOf(',');
            if (comma > 0 && StraceValue.TryParse(rest[..comma], out ulong from)
                && StraceValue.TryParse(rest[(comma + 1)..], out ulong bytes)
                && from < unchecked(address + length) && address < unchecked(from + bytes))
            {
                pending.IsWritten = true;
                TraceEvent unmap = new() { Kind = TraceEventKind.Munmap, Arg0 = from, Arg1 = bytes };
                _calls.Write(other, unmap, 0);
            }
        }
    }

    private bool TryReadArguments(int count)
    {
        bool isMbind = _parsed.Name is "mbind";
        bool isMmap = _parsed.Name is "mmap";
        for (int at = 0; at < count; at++)
        {
            ReadOnlySpan<char> text = _parsed.Argument(at);
            bool sound = true;
            _arguments[at] = 0;
            if (isMbind && at == 3)
            {
                _arguments[at] = FirstNodes(text);
            }
            else if (isMmap && at == 4)
            {
                sound = StraceValue.TryParseDescriptor(text, out int descriptor, out _);
                _arguments[at] = (ulong)descriptor;
            }
            else if (at < _parsed.ArgumentCount)
            {
                // prctl's constants are many, and those of other options do not matter.
                sound = StraceValue.TryParse(text, out _arguments[at]) || _parsed.Name is "prctl";
            }
            else
            {
                // mremap has five arguments with MREMAP_FIXED only, prctl as many as its option asks for.
                sound = _parsed.Name is "mremap" && at == 4 || _parsed.Name is "prctl" && at > 0;
            }

            if (!sound)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A node mask: [0x0000000000000003].</summary>
    private static ulong FirstNodes(ReadOnlySpan<char> text)
    {
        text = text.Trim("[]");
        int end = text.IndexOfAny(' ', ',');
        return StraceValue.TryParseNumber(end < 0 ? text : text[..end], out ulong nodes) ? nodes : 0;
    }

    private FileId MappedFile(ImportedTask task, in TraceEvent call)
    {
        if (!StraceValue.TryParseDescriptor(_parsed.Argument(4), out int descriptor, out string? path)
            || descriptor < 0)
        {
            return default;
        }

        ImportedFile? open = task.Files.Find(descriptor);
        if (path is null)
        {
            open = _files.OfDescriptor(task, descriptor, call);
        }
        else if (open is null || open.Path != path)
        {
            open = _files.OfPath(path);
        }

        return SyscallResult.IsError(_parsed.Result) && open.Id.IsNone ? default : _files.Map(open, task);
    }

    private void Execute(ImportedTask task)
    {
        if (!_outlet.HasEvents)
        {
            _outlet.Header = _outlet.Header with { Command = CommandOf(_parsed) };
        }

        foreach (ImportedTask other in _tasks.Live.Where(other => other.Group == task.Group && other != task))
        {
            Abandon(other);
        }

        _tasks.Exec(task, null);
    }

    /// <summary>The words of execve("./t", ["./t", "child"], ...), as far as strace shows them.</summary>
    private static string CommandOf(StraceCall call)
    {
        ReadOnlySpan<char> list = call.Argument(1).Trim("[]");
        List<string> words = [];
        foreach (Range word in list.Split(", "))
        {
            words.Add(StraceValue.Text(list[word]));
        }

        string command = string.Join(' ', words).Trim();
        return command.Length > 0 ? command : StraceValue.Text(call.Argument(0));
    }

    /// <summary>Calls that say what a descriptor or a segment is.</summary>
    private void FollowDescriptors(ImportedTask task)
    {
        int result = (int)Math.Min(_parsed.Result, int.MaxValue);
        switch (_parsed.Name)
        {
            case "open" or "openat" or "openat2" or "creat":
                Open(task, result);
                break;
            case "memfd_create":
                string name = PathOfResult() ?? "/memfd:" + StraceValue.Text(_parsed.Argument(0));
                task.Files.Set(result, _files.CreateMemory(name), LifeOf(_parsed.Text));
                break;
            case "dup" or "dup2" or "dup3" or "fcntl":
                Duplicate(task, result);
                break;
            case "close":
                if (StraceValue.TryParseDescriptor(_parsed.Argument(0), out int closed, out _))
                {
                    task.Files.Close(closed);
                }

                break;
            case "shmget" when StraceValue.TryParse(_parsed.Argument(1), out ulong size):
                _files.DefineSegment(_parsed.Result, size);
                break;
            case "ftruncate":
                Truncate(task);
                break;
            default:
                break;
        }
    }

    private void Open(ImportedTask task, int descriptor)
    {
        int pathAt = _parsed.Name is "openat" or "openat2" ? 1 : 0;
        string path = PathOfResult() ?? StraceValue.Text(_parsed.Argument(pathAt));
        string flags = _parsed.Argument(pathAt + 1).ToString();
        FileModes modes = flags.Contains("O_RDWR", StringComparison.Ordinal) ? FileModes.Read | FileModes.Write
            : flags.Contains("O_WRONLY", StringComparison.Ordinal) ? FileModes.Write
            : FileModes.Read;
        task.Files.Set(descriptor, ImportedFiles.Open(path, modes), LifeOf(flags));
    }

    private void Duplicate(ImportedTask task, int result)
    {
        bool isFcntl = _parsed.Name is "fcntl";
        bool shares = !isFcntl || _parsed.Argument(1).StartsWith("F_DUPFD");
        if (shares && StraceValue.TryParseDescriptor(_parsed.Argument(0), out int from, out _))
        {
            task.Files.Close(result);
            if (task.Files.Find(from) is ImportedFile file)
            {
                task.Files.Set(result, file, LifeOf(_parsed.Text));
            }
        }
    }

    private void Truncate(ImportedTask task)
    {
        if (!StraceValue.TryParseDescriptor(_parsed.Argument(0), out int descriptor, out _)
            || !StraceValue.TryParse(_parsed.Argument(1), out ulong size)
            || task.Files.Find(descriptor) is not ImportedFile file)
        {
            return;
        }

        file.SizeBytes = size;
        if (!file.Id.IsNone)
        {
            _outlet.Write(new TraceEvent
            {
                Kind = TraceEventKind.Truncate,
                Task = task.Tid,
                Mm = task.Mm,
                Arg0 = (ulong)file.Id.Value,
                Arg1 = size,
            });
        }
    }

    private string? PathOfResult() =>
        StraceValue.TryParseDescriptor(_parsed.ResultText, out _, out string? path) ? path : null;

    private static DescriptorLife LifeOf(string text) => text.Contains("CLOEXEC", StringComparison.Ordinal)
        ? DescriptorLife.ClosedByExec
        : DescriptorLife.Kept;
}
