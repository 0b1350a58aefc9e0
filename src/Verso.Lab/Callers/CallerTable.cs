using System.Globalization;
using Verso.Traces;

namespace Verso.Lab.Callers;

/// <summary>The frames that a recording with stacks tells, and what symbols say of them.</summary>
public sealed class CallerTable
{
    /// <summary>Frames of a stack that are read; a damaged file may have longer ones.</summary>
    private const int MostFrames = 256;

    private readonly Dictionary<int, Frame> _frames = [];
    private readonly Dictionary<CodePlace, string> _names = [];
    private readonly Dictionary<int, string> _paths = [];

    /// <summary>Whether it has any.</summary>
    public bool IsEmpty => _frames.Count == 0;

    /// <summary>The functions of a stack, the innermost first; empty for what nobody told.</summary>
    /// <param name="frame">The number of the innermost frame.</param>
    public IReadOnlyList<CodeFrame> StackOf(int frame)
    {
        List<CodeFrame> stack = [];
        while (stack.Count < MostFrames && _frames.TryGetValue(frame, out Frame? known))
        {
            stack.Add(Describe(known.Place));
            frame = known.Caller;
        }

        return stack;
    }

    /// <summary>Learns from an event; most tell nothing of stacks.</summary>
    internal void Add(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.StackFrame:
                CodePlace place = new(e.Arg2 == 0 ? e.Mm : 0, (int)e.Arg2, e.Arg3);
                _frames[(int)e.Arg0] = new Frame((int)e.Arg1, place);
                break;
            case TraceEventKind.FrameName when _frames.TryGetValue((int)e.Arg0, out Frame? named):
                _names[named.Place] = (string)e.Payload!;
                break;
            case TraceEventKind.FileDefined:
                FileIdentity file = (FileIdentity)e.Payload!;
                _paths[file.File.Value] = file.Path;
                break;
            default:
                break;
        }
    }

    private CodeFrame Describe(CodePlace place)
    {
        string path = _paths.GetValueOrDefault(place.File, "");
        string where = string.Create(CultureInfo.InvariantCulture, $"0x{place.Offset:x}");
        string unnamed = place.File == 0 ? where : $"{Path.GetFileName(path)}+{where}";
        return new CodeFrame(_names.GetValueOrDefault(place, unnamed), path);
    }

    private sealed record Frame(int Caller, CodePlace Place);

    private readonly record struct CodePlace(int Mm, int File, ulong Offset);
}

/// <summary>A function in a stack.</summary>
/// <param name="Name">
/// As symbols have it, with its source line where that is known; else where its code is: an offset in the file, or an
/// address.
/// </param>
/// <param name="Path">The file that holds its code; empty: none, a program made it.</param>
public sealed record CodeFrame(string Name, string Path);
