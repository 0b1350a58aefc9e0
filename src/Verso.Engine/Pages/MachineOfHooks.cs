using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>Makes machines by the type of their hooks, which nobody has to name.</summary>
public static class MachineOfHooks
{
    extension(Machine)
    {
        /// <summary>
        /// A machine with the design that these hooks belong to. Throws <see cref="ArgumentException"/> on an option
        /// that the design does not have.
        /// </summary>
        /// <param name="options">Its fixed properties.</param>
        /// <param name="hooks">Those of a fresh design, which no other machine uses.</param>
        public static Machine With<TPages>(MachineOptions options, TPages hooks)
            where TPages : struct, IPageHooks<TPages> => new Machine<TPages>(options, hooks);
    }
}
