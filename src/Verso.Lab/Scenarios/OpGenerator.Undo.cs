using Verso.Engine;

namespace Verso.Lab.Scenarios;

// Steps that take an earlier one back, mostly after some writes: that is how VMAs come to be neighbours that differ
// only in their past.
public sealed partial class OpGenerator
{
    private readonly List<Op> _undo = [];

    private bool TryUndo([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Op? op)
    {
        op = null;
        if (_undo.Count == 0 || !_random.Percent(32))
        {
            return false;
        }

        int at = Math.Max(0, _undo.Count - 1 - _random.Below(5));
        op = _undo[at];
        _undo.RemoveAt(at);
        return true;
    }

    private void Remember(Op op)
    {
        Op? undo = op.Kind switch
        {
            OpKind.Protect => op with { Protection = ReadWrite },
            OpKind.Advise => Opposite(op.Advice) is Advice advice ? op with { Advice = advice } : null,
            OpKind.Lock => op with { Kind = OpKind.Unlock, Words = OpWords.None },
            OpKind.Policy => op with { Value = (byte)(1 - op.Value) },
            OpKind.Name => op with { Name = op.Name is null ? "one" : null },
            OpKind.Unmap => op with { Kind = OpKind.Map, Protection = ReadWrite },
            OpKind.Remap when op.Has(OpWords.Relocate) => op with { Words = op.Words & ~OpWords.Relocate },
            OpKind.Remap when op.MovesSeveral => op with { Start = op.Target, Target = op.Start },
            OpKind.Attach when op.Start != Op.Anywhere => op with { Kind = OpKind.Detach, Words = OpWords.None },
            OpKind.Watch => op with { Kind = OpKind.Unwatch, Words = op.Words & OpWords.Other },
            OpKind.Fork => new Op(OpKind.Exit, _random.Percent(50) ? op.Mm : op.Other),
            _ => null,
        };
        if (undo is not null)
        {
            _undo.Add(undo);
        }
    }

    private static Advice? Opposite(Advice advice) => advice switch
    {
        Advice.DontFork => Advice.DoFork,
        Advice.DoFork => Advice.DontFork,
        Advice.WipeOnFork => Advice.KeepOnFork,
        Advice.GuardInstall => Advice.GuardRemove,
        Advice.Sequential or Advice.Random => Advice.Normal,
        Advice.HugePage => Advice.NoHugePage,
        Advice.NoHugePage => Advice.HugePage,
        Advice.DontDump => Advice.DoDump,
        Advice.DoDump => Advice.DontDump,
        _ => null,
    };
}
