using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>
/// Makes random scenarios that are dense with what is hard: a small window, so that calls hit each other's ranges,
/// edges and halves; few address spaces, related by fork; writes between all calls.
/// </summary>
/// <remarks>
/// Steps depend on what is mapped when they are made, so that most of them succeed. The same seed, asked in the same
/// situations, gives the same steps.
/// </remarks>
/// <param name="seed">Where the choices begin.</param>
/// <param name="situation">What is mapped now.</param>
/// <param name="mix">What of.</param>
public sealed partial class OpGenerator(ulong seed, ISituation situation, StepMix mix)
{
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    private static readonly Advice[] Advices =
    [
        Advice.DontNeed, Advice.DontNeed, Advice.DontNeed, Advice.Free, Advice.Free, Advice.DontFork, Advice.DoFork,
        Advice.WipeOnFork, Advice.KeepOnFork, Advice.GuardInstall, Advice.GuardInstall, Advice.GuardRemove,
        Advice.PopulateRead, Advice.PopulateWrite, Advice.Sequential, Advice.Random, Advice.Normal, Advice.DontDump,
        Advice.DoDump, Advice.Cold, Advice.DontNeedLocked, Advice.HugePage, Advice.NoHugePage, Advice.Remove,
    ];

    /// <summary>What KSM, reclaim and readahead take note of, and one that there is not.</summary>
    private static readonly Advice[] _strangeAdvice =
        [Advice.Mergeable, Advice.Mergeable, Advice.Unmergeable, Advice.WillNeed, (Advice)99];

    private static readonly OpWords[] _strangeOfProtections =
        [OpWords.GrowsDown, OpWords.GrowsDown, OpWords.GrowsUp, OpWords.GrowsDown | OpWords.GrowsUp];

    /// <summary>MPOL_LOCAL.</summary>
    private const byte LocalPolicy = 4;

    private static readonly string?[] _names = [null, "one", "one", "two"];

    private readonly SplitMix64 _random = new(seed);
    private readonly Queue<Op> _beginning = new();
    private bool _hasBegun;

    /// <summary>The source of all choices: further ones may be taken from it.</summary>
    public SplitMix64 Random => _random;

    /// <summary>
    /// The next step, which is possible now and does not end the last address space. The caller takes it before he asks
    /// for another.
    /// </summary>
    public Op Next()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            foreach (Op op in Beginning())
            {
                _beginning.Enqueue(op);
            }
        }

        while (true)
        {
            if (!_beginning.TryDequeue(out Op? op) && !TryUndo(out op))
            {
                op = Fresh();
            }

            // The last one stays: nothing can be made from nothing.
            bool endsAll = op.Kind == OpKind.Exit && situation.Mms.Count() == 1;
            if (!endsAll && situation.IsPossible(op))
            {
                Remember(op);
                return op;
            }
        }
    }

    /// <summary>Some written memory, so that there is something to disturb.</summary>
    private IEnumerable<Op> Beginning()
    {
        Op map = new(OpKind.Map, 'A') { Start = _focus, Count = FocusPages, Protection = ReadWrite };
        Op[] writes = [.. Enumerable.Range(1, 3).Select(_ => Fill(new Op(OpKind.Write, 'A')) with
        {
            Start = _focus + _random.Below(FocusPages),
        })];
        return [map, .. writes];
    }

    private Op Fresh()
    {
        char[] live = [.. situation.Mms];
        OpKind kind = PickKind();
        kind = live.Length == 1 && kind == OpKind.Exit ? OpKind.Fork : kind;
        return WithOddity(Fill(new Op(kind, kind == OpKind.Begin ? PickLetter() : _random.Pick(live))));
    }

    private OpKind PickKind()
    {
        int at = _random.Below(mix.Weights.Sum(each => each.Weight));
        foreach ((int weight, OpKind kind) in mix.Weights)
        {
            at -= weight;
            if (at < 0)
            {
                return kind;
            }
        }

        throw new InvalidOperationException("weights do not add up");
    }

    private Op Fill(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Map or OpKind.File:
                return FillMap(op);
            case OpKind.Remap:
                return FillRemap(WithRange(op));
            case OpKind.Protect:
                return WithRange(op) with
                {
                    Protection = PickProtection(),
                    Words = WithStrange(OpWords.None, _strangeOfProtections),
                };
            case OpKind.Advise:
                return WithRange(op) with
                {
                    Advice = Rarely(mix.RarePercent) ? Advice.Collapse
                        : Rarely(mix.StrangePercent) ? _random.Pick(_strangeAdvice) : _random.Pick(Advices),
                };
            case OpKind.Unmap or OpKind.Unlock or OpKind.Seal:
                return WithRange(op);
            case OpKind.Watch or OpKind.Unwatch or OpKind.FillZero or OpKind.Forget or OpKind.FillCopy
                or OpKind.FillMove:
                return FillUserfault(op);
            case OpKind.MergeAny:
                return op with { Words = _random.Percent(50) ? OpWords.Off : OpWords.None };
            case OpKind.DenyExec:
                return op with { Words = _random.Percent(50) ? OpWords.NoInherit : OpWords.None };
            case OpKind.Lock:
                OpWords onFault = _random.Percent(40) ? OpWords.OnFault : OpWords.None;
                return WithRange(op) with { Words = WithStrange(onFault, _unknown) };
            case OpKind.LockAll:
                return op with { Words = WithStrange((OpWords)((int)OpWords.OnFault * _random.Below(8)), _unknown) };
            case OpKind.Limit:
                return FillLimit(op);
            case OpKind.Policy:
                return WithRange(op) with
                {
                    Value = Rarely(mix.StrangePercent) ? LocalPolicy : (byte)_random.Below(2),
                };
            case OpKind.Name:
                return WithRange(op) with { Name = _random.Pick(_names) };
            case OpKind.Attach:
                return FillAttach(op);
            case OpKind.Detach:
                return op with { Start = PickPage(op.Mm) };
            case OpKind.Brk:
                return op with { Start = Window.HeapPage - 1 + _random.Below(10) };
            case OpKind.Fork:
                return op with { Other = PickLetter() };
            case OpKind.Read or OpKind.Run or OpKind.SwapOut or OpKind.Migrate:
                return op with { Start = PickPage(op.Mm) };
            case OpKind.Write:
                return op with { Start = PickPage(op.Mm), Value = (byte)_random.Below(256) };
            case OpKind.Truncate:
                return new Op(op.Kind, PickFile()) { Start = _random.Below(14) };
            case OpKind.Punch:
                return new Op(op.Kind, PickFile()) { Start = _random.Below(6), Count = 1 + _random.Below(3) };
            default:
                return op;
        }
    }
}
