namespace Verso.Engine.Tests.Model;

/// <summary>
/// The specification, small enough to be obviously right: for (address space, page) what is there. It knows nothing of
/// VMAs, page tables, frames or reverse maps.
/// </summary>
/// <remarks>
/// A step is applied as a sequence of changes that a call makes one after the other, so that a call which fails half
/// way can be compared with every prefix of them. Where Linux's answer depends on the bounds of VMAs, the model takes
/// the answer that was seen if it is one of the possible ones.
/// </remarks>
internal sealed partial class AbstractModel : ISituation
{
    private readonly Dictionary<(char Mm, long Page), ModelPage> _pages;
    private readonly SortedDictionary<char, ModelMm> _mms;
    private readonly Dictionary<int, ModelObject> _objects;
    private readonly Window _window;
    private int _lastObject;

    /// <param name="window">What files hold at first depends on it.</param>
    public AbstractModel(Window window)
    {
        _window = window;
        _pages = [];
        _mms = new SortedDictionary<char, ModelMm> { ['A'] = ModelMm.Fresh };
        _objects = [];
        foreach (WindowFile file in Window.Files)
        {
            if (_objects.ContainsKey(file.Inode))
            {
                continue;
            }

            ModelObject contents = new(file.Halves, file.Kind);
            for (long page = 0; !contents.IsBeyondEnd(page); page++)
            {
                contents.Write(page, window.FirstByte(file, page));
            }

            _objects.Add(file.Inode, contents);
            _lastObject = Math.Max(_lastObject, file.Inode);
        }
    }

    private AbstractModel(AbstractModel other)
    {
        _window = other._window;
        _pages = new Dictionary<(char Mm, long Page), ModelPage>(other._pages);
        _mms = new SortedDictionary<char, ModelMm>(other._mms);
        _objects = other._objects.ToDictionary(pair => pair.Key, pair => pair.Value.Clone());
        _lastObject = other._lastObject;
    }

    /// <summary>How the last step must end, once all of its changes are made.</summary>
    public Outcome Expected { get; private set; }

    /// <summary>
    /// Whatever a call tries without telling may stop anywhere: pages may be populated or not, locked by mlockall or
    /// not.
    /// </summary>
    public bool MayStopShort { get; set; }

    /// <summary>The letters of the live address spaces, in order.</summary>
    public IEnumerable<char> Mms => _mms.Keys;

    /// <summary>An independent copy.</summary>
    public AbstractModel Clone() => new(this);

    public bool IsLive(char mm) => _mms.ContainsKey(mm);

    public ModelMm MmOf(char mm) => _mms[mm];

    /// <summary>The page, or null where nothing is mapped.</summary>
    public ModelPage? PageAt(char mm, long page) => _pages.GetValueOrDefault((mm, page));

    public bool IsMapped(char mm, long page) => _pages.ContainsKey((mm, page));

    /// <summary>The mapped pages of an address space, ascending.</summary>
    public IEnumerable<long> PagesOf(char mm) =>
        _pages.Keys.Where(key => key.Mm == mm).Select(key => key.Page).Order();

    /// <summary>How many pages are mapped in all.</summary>
    public int PageCount => _pages.Count;

    /// <summary>
    /// Whether the step makes sense now: it names a live address space, and what it makes does not exist yet. Steps
    /// that do not are skipped, so that any part of a scenario is a scenario.
    /// </summary>
    public bool IsPossible(Op op) => op.Kind switch
    {
        OpKind.Truncate or OpKind.Punch => Window.Files.Any(file => file.Letter == op.Mm),
        OpKind.Fail => true,
        OpKind.Fork => IsLive(op.Mm) && !IsLive(op.Other),
        OpKind.Exec => IsLive(op.Mm) && _mms[op.Mm].Denial != Denial.Inherited
            && (_mms[op.Mm].Users == 1 || !IsLive(Op.LeftBehind(op.Mm))),
        OpKind.File => IsLive(op.Mm) && Window.Files.Any(file => file.Letter == op.Other),
        _ => IsLive(op.Mm),
    };

    /// <summary>
    /// Applies a step wholly. <paramref name="seen"/> decides where more than one answer is possible.
    /// </summary>
    public void Apply(Op op, Outcome seen)
    {
        foreach (Change _ in Changes(op, seen))
        {
            // Each enumeration step makes one change.
        }
    }

    /// <summary>
    /// The changes of a step, made one by one as they are enumerated; then <see cref="Expected"/> is known.
    /// </summary>
    public IEnumerable<Change> Changes(Op op, Outcome seen)
    {
        Expected = new Outcome(Errno.None);
        return op.Kind switch
        {
            OpKind.Map or OpKind.File => Map(op, seen),
            OpKind.Unmap => Unmap(op),
            OpKind.Protect => Protect(op),
            OpKind.Remap => Remap(op, seen),
            OpKind.Advise => Advise(op),
            OpKind.Brk => Brk(op),
            OpKind.Lock => Lock(op),
            OpKind.Unlock => Unlock(op),
            OpKind.LockAll => LockAll(op),
            OpKind.UnlockAll => UnlockAll(op),
            OpKind.Policy => SetPolicy(op),
            OpKind.Seal => Seal(op),
            OpKind.MergeAny => [],
            OpKind.DenyExec => DenyExec(op),
            OpKind.Fork => Fork(op),
            OpKind.Share => Share(op),
            OpKind.Exit => Exit(op),
            OpKind.Exec => Exec(op),
            OpKind.Read => Read(op, seen),
            OpKind.Write => Write(op),
            OpKind.Truncate => Truncate(op),
            OpKind.Punch => Punch(op),
            _ => [],
        };
    }

    /// <summary>The value that lies behind a page: of the object, or 0.</summary>
    public byte BehindOf(ModelPage page) => page.IsAnonymous ? (byte)0 : _objects[page.Behind].Read(page.Offset);

    /// <summary>Whether a page may read this value.</summary>
    public bool MayRead(ModelPage page, byte value) =>
        page.Own is not byte own
            ? value == BehindOf(page)
            : value == own || (page.MayBeBehind && value == BehindOf(page));

    /// <summary>Notes what is now known for certain of a page that could be one of two things.</summary>
    public void Settle(char mm, long page, ModelPage known) => _pages[(mm, page)] = known;

    /// <summary>Forgets a page.</summary>
    public void Remove(char mm, long page) => _pages.Remove((mm, page));

    private void End(Errno errno, long page = 0) => Expected = new Outcome(errno, page);

    private static IEnumerable<long> Range(Op op) => Range(op.Start, op.Count);

    private static IEnumerable<long> Range(long start, long count)
    {
        for (long page = start; page < start + count; page++)
        {
            yield return page;
        }
    }

    private bool IsFree(char mm, long start, long count) =>
        Range(start, count).All(page => !_pages.ContainsKey((mm, page)));

    private bool RemoveRange(char mm, long start, long count)
    {
        bool any = false;
        foreach (long page in Range(start, count))
        {
            any |= _pages.Remove((mm, page));
        }

        return any;
    }
}

/// <summary>What the specification says of an address space besides its pages.</summary>
/// <param name="Users">Tasks that share it.</param>
/// <param name="BreakPage">The page of the break.</param>
/// <param name="FutureLocks">The locks new mappings get (MCL_FUTURE).</param>
internal sealed record ModelMm(int Users, long BreakPage, PageMarks FutureLocks)
{
    /// <summary>PR_SET_MDWE; inherited unless it is for one process.</summary>
    public Denial Denial { get; init; }

    public static ModelMm Fresh { get; } = new(1, Window.HeapPage, PageMarks.None);
}

/// <summary>Whether memory may gain the permission to execute.</summary>
internal enum Denial
{
    None = 0,
    Inherited = 1,
    Own = 2,
}

/// <summary>How much a change belongs to the call's success.</summary>
internal enum Change
{
    /// <summary>A call that succeeds has made it.</summary>
    Needed = 0,

    /// <summary>Population that mmap, mprotect, mremap and brk try without telling.</summary>
    BestEffort = 1,
}
