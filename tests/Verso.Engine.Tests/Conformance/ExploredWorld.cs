using Verso.Engine.Frames;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Model;

namespace Verso.Engine.Tests.Conformance;

/// <summary>A machine and the model after some steps, for <see cref="Explorer"/>.</summary>
internal sealed class ExploredWorld
{
    private readonly EngineStage _driver;
    private readonly AbstractModel _model;

    // Each process that ever was has a number; its parent's is at that place. A letter may serve one after the other.
    private readonly List<int> _parents = [0];
    private readonly Dictionary<char, int> _numbers = new() { ['A'] = 0 };

    /// <summary>
    /// The steps have been judged before, where they were the last. The machine is restarted, not made anew: to make
    /// one takes many times as long as these steps.
    /// </summary>
    public ExploredWorld(EngineStage driver, IEnumerable<Op> steps)
    {
        driver.Restart();
        _driver = driver;
        _model = new AbstractModel(_driver.Window);
        foreach (Op op in steps)
        {
            Apply(op);
        }
    }

    public bool IsLive(char mm) => _model.IsLive(mm);

    /// <summary>Takes a step and judges its result; the difference, or null.</summary>
    public string? Take(Op op) => Guarded(() =>
    {
        Outcome seen = Apply(op);
        return seen == _model.Expected ? null : $"{op}: {seen}, expected {_model.Expected}";
    });

    /// <summary>Judges state, structure and every walk; the first difference, or null.</summary>
    public string? Judge() => Guarded(() =>
        new StateCheck(_driver, _model).Compare() ?? _driver.Machine.Audit() ?? _driver.Machine.VerifyWalks());

    /// <summary>
    /// Reads every page, then ends every process: nothing may be left over. The first difference, or null. The world is
    /// of no use afterwards.
    /// </summary>
    public string? End() => Guarded(() =>
    {
        string? difference = EndReads.Compare(_driver, _model, out int unreadable)
            ?? _driver.Machine.VerifyWalks()
            ?? StaleFramesCheck.Compare(_driver.Machine, unreadable);
        _driver.EndAll();
        return difference ?? EndCheck.Leftover(_driver.Machine) ?? _driver.Machine.Audit();
    });

    /// <summary>
    /// All that is there, apart from the numbers of frames, slots and objects: VMAs, entries, frames, what walks find
    /// and cost, how many objects of each kind are live, who forked whom, what the model expects, and what the design
    /// keeps besides (<see cref="ReverseMap.Note"/>).
    /// </summary>
    public UInt128 Digest()
    {
        StateHash hash = new();
        foreach ((char letter, MmId mm) in _driver.Mms)
        {
            hash.Add(letter);
            NoteAncestors(letter, hash);
            MmImage image = _driver.Machine.Capture(mm);
            NoteVmas(mm, image, hash);
            NoteAnonVmas(image, hash);
            NoteExpected(letter, hash);
        }

        foreach (Ledger.Row row in _driver.Machine.Ledger.Rows)
        {
            hash.Add((ulong)row.Live);
        }

        foreach (DesignFigure figure in _driver.Machine.Figures)
        {
            hash.Add(figure.Kind == FigureKind.State ? (ulong)figure.Value : 0);
        }

        return hash.Value;
    }

    private Outcome Apply(Op op)
    {
        Outcome seen = ConformanceStage.Told(op, _driver.Do(op));
        _model.Apply(op, seen);
        if (op.Kind == OpKind.Fork && seen.Errno == Errno.None)
        {
            _parents.Add(_numbers[op.Mm]);
            _numbers[op.Other] = _parents.Count - 1;
        }

        return seen;
    }

    private void NoteAncestors(char letter, StateHash hash)
    {
        for (int at = _numbers[letter]; at != 0; at = _parents[at])
        {
            hash.AddName('p', (ulong)at);
        }
    }

    private void NoteVmas(MmId mm, MmImage image, StateHash hash)
    {
        foreach (VmaImage vma in image.Vmas)
        {
            hash.Add(vma.Start);
            hash.Add(vma.End);
            hash.Add((ulong)vma.Flags);
            hash.Add(vma.Pgoff);
            hash.AddName('v', vma.AnonVma);
            hash.Add((ulong)vma.Chain.Count);
            foreach (ulong link in vma.Chain)
            {
                hash.AddName('v', link);
            }

            for (ulong at = vma.Start; at < vma.End; at += Page.Size)
            {
                NotePage(mm, at, hash);
            }
        }

        foreach (VmaId id in _driver.Machine.World.Mms[mm].Vmas.Ids)
        {
            hash.Add(_driver.Machine.World.Vmas[id].Prepared ? 1UL : 0);
            _driver.Machine.Note(id, hash);
        }
    }

    /// <summary>In the order in which the VMAs name them; their parents by the way up.</summary>
    private static void NoteAnonVmas(MmImage image, StateHash hash)
    {
        Dictionary<ulong, AnonVmaImage> nodes = image.AnonVmas.ToDictionary(node => node.Id);
        foreach (ulong id in image.Vmas.SelectMany(vma => vma.Chain.Prepend(vma.AnonVma)).Distinct())
        {
            for (ulong at = id; nodes.Remove(at, out AnonVmaImage? node); at = node.Parent)
            {
                hash.AddName('v', node.Id);
                hash.AddName('v', node.Root);
                hash.AddName('v', node.Parent);
                hash.Add((ulong)node.ChildCount);
                hash.Add((ulong)node.ActiveVmaCount);
            }
        }
    }

    private void NoteExpected(char letter, StateHash hash)
    {
        foreach (long at in _model.PagesOf(letter))
        {
            ModelPage page = _model.PageAt(letter, at)!;
            hash.Add((ulong)at);
            hash.Add((ulong)page.Protection);
            hash.Add((ulong)page.Marks);
            hash.Add(page.Own ?? ulong.MaxValue);
            hash.Add(page.MayBeBehind ? 1UL : 0);
        }
    }

    private void NotePage(MmId mm, ulong at, StateHash hash)
    {
        PageView view = _driver.Machine.SeenAt(mm, at);
        hash.Add((ulong)view.Presence);
        hash.AddName('s', (ulong)view.Slot);
        hash.AddName('f', (ulong)view.Frame.Value);
        if (view.Frame.IsNone)
        {
            return;
        }

        FrameTable frames = _driver.Machine.World.Frames;
        hash.Add((ulong)frames[view.Frame].Flags);
        hash.Add(frames[view.Frame].Index);
        hash.Add((ulong)view.MapCount);
        hash.Add(view.Writable ? 1UL : 0);
        hash.Add(frames.Bytes(view.Frame)[Window.ByteInPage]);
        WalkResult walk = _driver.Machine.Walk(mm, at);
        hash.Add((ulong)walk.Useful);
        hash.Add((ulong)walk.Visited);
    }

    private static string? Guarded(Func<string?> judge)
    {
        try
        {
            return judge();
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return $"{broken.GetType().Name}: {broken.Message}";
        }
    }
}
