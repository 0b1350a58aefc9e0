using System.Globalization;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>What changed VMAs without being followed: <c>ioctl 0xc020aa00 of [userfaultfd]</c>.</summary>
internal static class NotFollowedText
{
    private const string NamesResource = "system-calls.txt";
    private const string X64 = "x86-64";
    private const string I386 = "i386";

    private static readonly Lazy<Dictionary<(string Abi, ulong Number), string>> s_names = new(ReadNames);

    /// <summary>
    /// One line. The name is that of the file for an ioctl, else that of the task (its comm); it may be empty.
    /// </summary>
    internal static string Of(NotFollowedCause cause, ulong number, string name) => cause switch
    {
        NotFollowedCause.SystemCall => Call(X64, number),
        NotFollowedCause.CompatCall => $"32-bit {Call(I386, number)}",
        NotFollowedCause.Ioctl => $"ioctl 0x{number:x} of {(name.Length > 0 ? name : "an unnamed file")}",
        NotFollowedCause.Prctl => string.Create(CultureInfo.InvariantCulture, $"prctl option {number}"),
        NotFollowedCause.Exception => "exception outside calls",
        NotFollowedCause.Worker => $"worker thread {name}",
        NotFollowedCause.KernelThread => $"kernel thread {name}",
        NotFollowedCause.OtherProcess when number == ulong.MaxValue => $"process {name}",
        NotFollowedCause.OtherProcess => $"process {name} in {Call(X64, number)}",
        _ => cause.ToString(),
    };

    private static string Call(string abi, ulong number) => string.Create(
        CultureInfo.InvariantCulture,
        $"system call {number} {s_names.Value.GetValueOrDefault((abi, number), "(unknown)")}");

    // Lines of three words: the ABI, the number, the name (arch/x86/entry/syscalls).
    private static Dictionary<(string Abi, ulong Number), string> ReadNames()
    {
        using var stream = typeof(NotFollowedText).Assembly.GetManifestResourceStream(NamesResource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .ToDictionary(words => (words[0], ulong.Parse(words[1], CultureInfo.InvariantCulture)), words => words[2]);
    }
}
