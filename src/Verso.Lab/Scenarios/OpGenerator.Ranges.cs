using Verso.Engine;

namespace Verso.Lab.Scenarios;

// Where and how large.
public sealed partial class OpGenerator
{
    private const int FocusPages = 6;

    /// <summary>100 TiB.</summary>
    private const long HugePages = 25L << 30;
    private const Protection Executable = Protection.Read | Protection.Write | Protection.Exec;

    private static readonly int[] _oddBytes = [1, 8, Page.Size / 2, Page.Size - 1];

    /// <summary>What fills an address space is more than its owner may be allowed to lock.</summary>
    private static readonly LimitedResource[] _limitedInFullSpaces = [LimitedResource.As, LimitedResource.Data];

    private static readonly LimitedResource[] _limited =
    [
        LimitedResource.As, LimitedResource.As, LimitedResource.Data, LimitedResource.Memlock, LimitedResource.Memlock,
    ];

    private static readonly WindowFile[] _files = [.. Window.Files.Where(file => file.IsStored)];

    /// <summary>Of a program: so often its stack is met, in its pages and some below.</summary>
    private const int StackPercent = 10;
    private const int StackPages = ProgramImage.StackPages + 12;

    private readonly long _stackPage = ProgramImage.StackPage(new Window(pagesPerUnit: 1));

    private readonly int _focus = (int)(seed % (Window.Pages - FocusPages));

    private Op FillMap(Op op)
    {
        if (op.Kind == OpKind.Map && Rarely(mix.HugePercent))
        {
            // Over all that is below, and a part of the window.
            return op with
            {
                Start = -HugePages,
                Count = HugePages + _random.Below(Window.Pages),
                Protection = ReadWrite,
                Words = _random.Percent(25) ? OpWords.Shared : OpWords.None,
            };
        }

        if (Rarely(mix.PlacedPercent))
        {
            return FillPlaced(op);
        }

        op = op with
        {
            Start = _random.Percent(15) ? Op.Anywhere : _random.Below(Window.Pages),
            Count = PickCount(),
            Protection = _random.Percent(70) ? ReadWrite : PickProtection(),
            Words = PickMapWords(),
        };
        op = Rarely(mix.RarePercent) ? op with { Protection = Executable } : op;
        if (op.Start != Op.Anywhere)
        {
            // Often just behind or before something, where merging happens.
            long edge = PickEdge(op.Mm, op.Start);
            op = op with { Start = _random.Percent(25) ? edge - op.Count : edge };
        }

        return op.Kind == OpKind.Map ? op : op with { Other = PickMapped(), Target = _random.Below(7) };
    }

    private OpWords PickMapWords()
    {
        OpWords words = _random.Percent(12) ? OpWords.Shared : OpWords.None;
        words |= _random.Percent(10) ? OpWords.Hint : OpWords.None;
        words |= _random.Percent(6) ? OpWords.NoReplace : OpWords.None;
        words |= _random.Percent(8) ? OpWords.Populate : OpWords.None;
        words |= _random.Percent(4) ? OpWords.Locked : OpWords.None;
        words |= _random.Percent(2) ? OpWords.NoReserve : OpWords.None;
        words |= Rarely(mix.RarePercent) ? OpWords.GrowsDown : OpWords.None;
        words |= Rarely(mix.RarePercent) ? OpWords.Droppable : OpWords.None;
        words |= Rarely(mix.StackPercent) ? OpWords.GrowsDown : OpWords.None;
        return WithStrange(words, _strangeOfMaps);
    }

    /// <summary>One of the words that programs seldom say.</summary>
    private OpWords WithStrange(OpWords words, OpWords[] strange) =>
        Rarely(mix.StrangePercent) ? words | _random.Pick(strange) : words;

    private static readonly OpWords[] _strangeOfMaps =
        [OpWords.Below2Gib, OpWords.Below2Gib, OpWords.Stack, OpWords.NonBlock | OpWords.Populate, OpWords.Unknown];

    private static readonly OpWords[] _unknown = [OpWords.Unknown];

    /// <summary>What a mix leaves out takes no choice: its seeds mean what they meant.</summary>
    private bool Rarely(int percent) => percent > 0 && _random.Percent(percent);

    private Op FillAttach(Op op) => op with
    {
        Start = _random.Percent(15) ? Op.Anywhere : PickEdge(op.Mm, _random.Below(Window.Pages)),
        Protection = _random.Percent(70) ? ReadWrite : _random.Percent(50) ? Protection.Read : Executable,
        Words = (_random.Percent(50) ? OpWords.Over : OpWords.None)
            | (_random.Percent(30) ? OpWords.Round : OpWords.None),
    };

    /// <summary>Some bytes more in one of the numbers that a call has; what it rounds up, or refuses.</summary>
    private Op WithOddity(Op op)
    {
        if (!Rarely(mix.OddPercent))
        {
            return op;
        }

        int bytes = _random.Pick(_oddBytes);
        OddBytes start = new(op.Start == Op.Anywhere ? 0 : bytes, 0, 0, 0);
        OddBytes[] choices = op.Kind switch
        {
            OpKind.Brk or OpKind.Attach or OpKind.Detach => [start],
            OpKind.Unmap or OpKind.Protect or OpKind.Advise or OpKind.Lock or OpKind.Unlock or OpKind.Policy
                or OpKind.Name or OpKind.Seal or OpKind.Map => [start, new(0, bytes, 0, 0)],
            OpKind.File => [start, new(0, bytes, 0, 0), new(0, 0, 0, bytes)],
            OpKind.Remap => [start, new(0, bytes, 0, 0), new(0, 0, bytes, 0), new(0, 0, 0, TargetBytes(op, bytes))],
            _ => [],
        };
        return choices.Length == 0 ? op : op with { Odd = _random.Pick(choices) };
    }

    private static int TargetBytes(Op op, int bytes) => op.Has(OpWords.Fixed) || op.Has(OpWords.Hint) ? bytes : 0;

    /// <summary>Some moves are asked to relocate first, and then taken by <see cref="Remember"/> without it.</summary>
    private Op FillRemap(Op op)
    {
        op = FillPlainRemap(op);
        return Rarely(mix.AskPercent) ? op with { Words = op.Words | OpWords.Relocate } : op;
    }

    private Op FillPlainRemap(Op op)
    {
        if (Rarely(mix.WholePercent))
        {
            // Several VMAs with the gaps between them, and by the next step perhaps back.
            return op with
            {
                Start = 0,
                Count = Window.Pages,
                NewCount = Window.Pages,
                Target = _random.Percent(50) ? Window.Pages : -Window.Pages,
                Words = OpWords.MayMove | OpWords.Fixed,
            };
        }

        op = op with { Words = WithStrange(OpWords.None, _strangeOfMoves) };
        if (op.Words != OpWords.None)
        {
            bool isFixed = op.Has(OpWords.Fixed) || op.Has(OpWords.Hint);
            return op with { NewCount = op.Count, Target = isFixed ? PickTarget(op.Mm, op.Count) : 0 };
        }

        switch (_random.Below(10))
        {
            case < 4:
                // A plain move, to the edge of something or anywhere.
                return op with
                {
                    NewCount = op.Count,
                    Target = PickTarget(op.Mm, op.Count),
                    Words = OpWords.MayMove | OpWords.Fixed | (_random.Percent(20) ? OpWords.DontUnmap : OpWords.None),
                };
            case < 6:
                return op with
                {
                    NewCount = PickCount(),
                    Target = PickTarget(op.Mm, op.Count),
                    Words = OpWords.MayMove | OpWords.Fixed,
                };
            case < 7:
                bool hints = _random.Percent(50);
                return op with
                {
                    NewCount = op.Count,
                    Target = hints ? PickTarget(op.Mm, op.Count) : 0,
                    Words = OpWords.MayMove | OpWords.DontUnmap | (hints ? OpWords.Hint : OpWords.None),
                };
            default:
                return op with
                {
                    NewCount = PickCount(),
                    Words = _random.Percent(70) ? OpWords.MayMove : OpWords.None,
                    Count = _random.Percent(4) ? 0 : op.Count,
                };
        }
    }

    /// <summary>Flags that do not go together, or that no kernel knows.</summary>
    private static readonly OpWords[] _strangeOfMoves =
    [
        OpWords.Fixed, OpWords.DontUnmap, OpWords.Fixed | OpWords.DontUnmap, OpWords.Unknown,
        OpWords.Unknown | OpWords.MayMove,
    ];

    private long PickTarget(char mm, long count)
    {
        long edge = PickEdge(mm, _random.Below(Window.Pages));
        return _random.Percent(40) ? edge - count : edge;
    }

    /// <summary>What was watched last: mostly that is filled.</summary>
    private Op? _watched;

    private Op FillUserfault(Op op)
    {
        bool fills = op.Kind is OpKind.FillCopy or OpKind.FillZero or OpKind.FillMove;
        if (fills && _watched is Op watched && _random.Percent(80))
        {
            return op with
            {
                Mm = watched.Mm,
                Words = watched.Words & OpWords.Other,
                Start = watched.Start + _random.Below((int)watched.Count),
                Count = 1,
                Target = PickPage(op.Mm),
                Value = op.Kind == OpKind.FillCopy ? (byte)_random.Below(256) : (byte)0,
            };
        }

        op = op with { Words = _random.Percent(25) ? OpWords.Other : OpWords.None };
        switch (op.Kind)
        {
            case OpKind.Forget:
                return op;
            case OpKind.FillCopy:
                return op with { Start = PickPage(op.Mm), Value = (byte)_random.Below(256) };
            case OpKind.FillMove:
                return WithRange(op) with { Target = PickPage(op.Mm) };
            case OpKind.Watch:
                OpWords modes = _random.Percent(80) ? OpWords.Missing : OpWords.None;
                modes |= _random.Percent(25) ? OpWords.Wp : OpWords.None;
                modes |= _random.Percent(20) ? OpWords.Minor : OpWords.None;
                _watched = WithRange(op) with { Words = op.Words | modes };
                if (_random.Percent(60))
                {
                    FillNext(_watched);
                }

                return _watched;
            default:
                return WithRange(op);
        }
    }

    /// <summary>What is watched is emptied, and gets a page: as it mostly goes in programs that do so.</summary>
    private void FillNext(Op watched)
    {
        OpWords which = watched.Words & OpWords.Other;
        long source = PickPage(watched.Mm);
        Op fill = new(_random.Pick([OpKind.FillCopy, OpKind.FillZero, OpKind.FillMove]), watched.Mm)
        {
            Start = watched.Start,
            Count = 1,
            Words = which,
        };
        _beginning.Enqueue(new Op(OpKind.Write, watched.Mm) { Start = source, Value = 1 });
        _beginning.Enqueue(watched);
        _beginning.Enqueue(new Op(OpKind.Advise, watched.Mm)
        {
            Start = watched.Start,
            Count = watched.Count,
            Advice = Advice.DontNeed,
        });
        _beginning.Enqueue(fill.Kind == OpKind.FillMove ? fill with { Target = source } : fill);
    }

    /// <summary>A range that mostly begins on something mapped.</summary>
    private Op WithRange(Op op)
    {
        long start = PickPage(op.Mm);
        return op with { Start = start, Count = PickCount() };
    }

    /// <summary>A page, mostly a mapped one.</summary>
    private long PickPage(char mm)
    {
        if (mix.Beginning == Scenarios.Beginning.Program && _random.Percent(StackPercent))
        {
            return _stackPage - _random.Below(StackPages);
        }

        long[] mapped = [.. situation.PagesOf(mm)];
        if (_random.Percent(50))
        {
            // Half of all that happens, happens in one place.
            long[] near = [.. mapped.Where(page => page >= _focus && page < _focus + FocusPages)];
            mapped = near.Length == 0 ? mapped : near;
        }

        return mapped.Length == 0 || _random.Percent(12) ? _random.Below(Window.Pages) : _random.Pick(mapped);
    }

    /// <summary>The end of what is mapped around a page, or the page.</summary>
    private long PickEdge(char mm, long page)
    {
        if (_random.Percent(40))
        {
            return page;
        }

        while (situation.IsMapped(mm, page) && page < Window.Pages + 8)
        {
            page++;
        }

        return page;
    }

    private long PickCount() => 1 + Math.Min(_random.Below(4), _random.Below(8));

    private char PickLetter() => _random.Pick(mix.Letters.ToCharArray());

    private char PickFile() => _random.Pick(_files).Letter;

    private Protection PickProtection() => _random.Below(20) switch
    {
        < 12 => ReadWrite,
        < 16 => Protection.Read,
        < 18 => Protection.None,
        < 19 => Protection.Read | Protection.Write | Protection.Exec,
        _ => _random.Percent(50) ? Protection.Write : Protection.Exec,
    };

    /// <summary>A little above or below what there is, so that the next calls fail; half of them lift it.</summary>
    private Op FillLimit(Op op)
    {
        int mapped = situation.PagesOf(op.Mm).Count();
        op = op with { Resource = _random.Pick(mix.MaxMaps == 0 ? _limited : _limitedInFullSpaces) };
        return op with
        {
            Count = _random.Percent(50) ? -1
                : op.Resource == LimitedResource.Memlock ? _random.Below(12)
                : Math.Max(mapped - 3 + _random.Below(10), 1),
        };
    }
}
