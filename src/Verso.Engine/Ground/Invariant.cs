using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>Checks that are always on: a failure is an error in Verso, never in its input.</summary>
public static class Invariant
{
    /// <summary>Throws <see cref="InvariantException"/> unless <paramref name="condition"/> holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Require(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        if (!condition)
        {
            Fail(text);
        }
    }

    [DoesNotReturn]
    private static void Fail(string text) => throw new InvariantException(text);
}

/// <summary>An invariant of the engine does not hold.</summary>
public sealed class InvariantException(string text) : Exception($"invariant broken: {text}");
