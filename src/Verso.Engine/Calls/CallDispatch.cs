using Verso.Engine.Calls;

namespace Verso.Engine;

/// <summary>Any call, by its row.</summary>
public static class CallDispatch
{
    extension(Machine machine)
    {
        /// <summary>Does a call, as its row in <see cref="CallTable"/> says.</summary>
        /// <param name="mm">The address space.</param>
        /// <param name="call">What is asked.</param>
        /// <param name="result">What comes of it.</param>
        /// <returns>False if the engine has no such operation: nothing was done.</returns>
        public bool TryApply(MmId mm, in Call call, out SyscallResult result)
        {
            SyscallResult? done = CallTable.Find(call.Kind)?.Body(machine, mm, call);
            result = done.GetValueOrDefault();
            return done is not null;
        }

        /// <summary>Does a call that the engine has.</summary>
        public SyscallResult Apply(MmId mm, in Call call)
        {
            bool isKnown = machine.TryApply(mm, call, out SyscallResult result);
            Invariant.Require(isKnown);
            return result;
        }
    }
}
