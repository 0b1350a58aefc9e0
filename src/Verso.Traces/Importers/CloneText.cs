namespace Verso.Traces.Importers;

/// <summary>
/// The flags of a clone in strace's text. strace prints what it knows when the call begins: of clone nothing where it
/// waits for what the kernel writes back (<c>clone( &lt;unfinished ...&gt;</c>), and the flags when it has returned.
/// </summary>
internal static class CloneText
{
    /// <summary>
    /// Of a clone3 whose structure is not in the text: pthread_create and posix_spawn share the address space, and
    /// nobody else calls it.
    /// </summary>
    internal const ulong UsualFlags = TaskTree.CloneVm;

    private const ulong ChildSignal = 17;

    /// <summary>Whether a call makes a task.</summary>
    internal static bool IsClone(ReadOnlySpan<char> name) => name is "clone" or "clone3" or "fork" or "vfork";

    /// <summary>Reads the flags of a call, whole or begun; false if they are not in its text.</summary>
    internal static bool TryReadFlags(string text, out ulong flags)
    {
        ReadOnlySpan<char> name = StraceCall.NameOf(text);
        if (name is "fork" or "vfork")
        {
            flags = name is "fork" ? ChildSignal : ChildSignal | TaskTree.CloneVm | TaskTree.CloneVfork;
            return true;
        }

        flags = 0;
        int at = text.IndexOf("flags=", StringComparison.Ordinal);
        if (at >= 0)
        {
            flags = Sum(FirstOf(text.AsSpan(at + "flags=".Length)));
            return true;
        }

        // Raw: they are the first argument of clone, and behind a pointer of clone3.
        ReadOnlySpan<char> first = name is "clone" ? FirstOf(text.AsSpan(name.Length + 1)) : default;
        return first.Length > 0 && char.IsAsciiDigit(first[0]) && StraceValue.TryParseNumber(first, out flags);
    }

    private static ulong Sum(ReadOnlySpan<char> names)
    {
        ulong flags = 0;
        foreach (Range part in names.Split('|'))
        {
            flags |= StraceValue.TryParse(names[part], out ulong flag) ? flag : 0;
        }

        return flags;
    }

    private static ReadOnlySpan<char> FirstOf(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAny(',', '}', ')');
        return (end < 0 ? text : text[..end]).Trim();
    }
}
