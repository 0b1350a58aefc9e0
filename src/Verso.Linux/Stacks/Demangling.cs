using System.Runtime.InteropServices;

namespace Verso.Linux.Stacks;

/// <summary>Names of C++ functions as their authors know them, by the C++ library's own function where it is.</summary>
internal static unsafe class Demangling
{
    private static readonly delegate* unmanaged<nint, nint, nint, int*, nint> s_demangle = Find();

    /// <summary>The name in words, without the types of arguments; itself if it is none of C++.</summary>
    internal static string Of(string name)
    {
        if (s_demangle == null || !name.StartsWith("_Z", StringComparison.Ordinal))
        {
            return name;
        }

        var mangled = Marshal.StringToCoTaskMemUTF8(name);
        int status;
        var demangled = s_demangle(mangled, 0, 0, &status);
        Marshal.FreeCoTaskMem(mangled);
        if (demangled == 0)
        {
            return name;
        }

        var words = Marshal.PtrToStringUTF8(demangled) ?? name;
        NativeMemory.Free((void*)demangled);
        return WithoutArguments(words);
    }

    // The first parenthesis that belongs to no name: neither (anonymous namespace) nor operator().
    private static string WithoutArguments(string words)
    {
        const string Operator = "operator";
        for (var at = words.IndexOf('(', 1); at > 0; at = words.IndexOf('(', at + 1))
        {
            var isOfName = words.AsSpan(at).StartsWith("(anonymous", StringComparison.Ordinal)
                || words.AsSpan(0, at).EndsWith(Operator, StringComparison.Ordinal);
            if (!isOfName)
            {
                return words[..at];
            }
        }

        return words;
    }

    private static delegate* unmanaged<nint, nint, nint, int*, nint> Find() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out var library)
        && NativeLibrary.TryGetExport(library, "__cxa_demangle", out var function)
            ? (delegate* unmanaged<nint, nint, nint, int*, nint>)function : null;
}
