using System.Buffers.Text;
using System.Text;

namespace Verso.Linux.Recording;

/// <summary>Where a function of the kernel lies, from /proc/kallsyms.</summary>
internal static class KernelSymbols
{
    private const string Source = "/proc/kallsyms";
    private const int AddressDigits = 16;
    private const int NameColumn = 19;

    /// <summary>
    /// The text of a function: from its symbol to the next one, for the kernel's own symbols stand in the order of
    /// their addresses. Throws <see cref="RecorderUnavailableException"/> where the kernel has no such symbol or hides
    /// its address.
    /// </summary>
    internal static (ulong Start, ulong Length) Find(string function)
    {
        var name = Encoding.ASCII.GetBytes(function);
        var start = 0UL;
        using var file = File.OpenHandle(Source);
        var buffer = new byte[1 << 16];
        var kept = 0;
        for (long offset = 0; ;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(kept), offset);
            if (read == 0)
            {
                throw new RecorderUnavailableException($"this kernel has no symbol {function} in {Source}");
            }

            offset += read;
            var text = buffer.AsSpan(0, kept + read);
            for (int end; (end = text.IndexOf((byte)'\n')) >= 0; text = text[(end + 1)..])
            {
                var line = text[..end];
                if (start != 0 && Address(line) is var next && next > start)
                {
                    return (start, next - start);
                }

                if (line.Length >= NameColumn && line[NameColumn..].SequenceEqual(name))
                {
                    start = Address(line);
                    if (start == 0)
                    {
                        throw new RecorderUnavailableException(
                            $"{Source} hides addresses; run as root with sysctl kernel.kptr_restrict=1 or 0");
                    }
                }
            }

            text.CopyTo(buffer);
            kept = text.Length;
        }
    }

    /// <summary>
    /// A search beside other work. A thread of its own: those of the pool spin for a fifth of a second when they are
    /// done, which a machine of two processors notices.
    /// </summary>
    internal sealed class Search
    {
        private readonly Thread _thread;
        private (ulong Start, ulong Length) _found;
        private Exception? _problem;

        internal Search(string function)
        {
            _thread = new Thread(() => Run(function)) { IsBackground = true };
            _thread.Start();
        }

        /// <summary>What <see cref="Find"/> returns or throws.</summary>
        internal (ulong Start, ulong Length) Await()
        {
            _thread.Join();
            return _problem is null ? _found : throw _problem;
        }

        private void Run(string function)
        {
            try
            {
                _found = Find(function);
            }
            catch (Exception problem) when (problem is RecorderUnavailableException or IOException
                or UnauthorizedAccessException)
            {
                _problem = problem;
            }
        }
    }

    private static ulong Address(ReadOnlySpan<byte> line) =>
        line.Length > AddressDigits && Utf8Parser.TryParse(line[..AddressDigits], out ulong address, out _, 'x')
            ? address
            : 0;
}
