using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Verso.Linux.Graph;
using Verso.Linux.Interop;

namespace Verso.Linux.Counting;

/// <summary>Counts from /proc what this user may read of it.</summary>
/// <remarks>
/// <para>
/// The kernel tells the number of VMAs nowhere: the lines of /proc/PID/maps are counted, about a microsecond each. So a
/// process is looked at only when it could have come near <c>least</c> since: nobody is expected to grow faster than by
/// <see cref="PerSecond"/> of the limit a second, or than twice what it grew by before.
/// </para>
/// <para>
/// A VMA has a page at least. Where the address space (/proc/PID/statm, a tenth of the work) has fewer pages than
/// <c>least</c>, that is its count as far as anybody has to know.
/// </para>
/// </remarks>
public sealed class ProcVmaCounter : IVmaCounter
{
    /// <summary>Of vm.max_map_count: from nothing to all of it in 5 seconds.</summary>
    private const double PerSecond = 0.2;

    private const int BufferBytes = 1 << 16;
    private const int StartTimeField = 19;
    private const ulong NanosecondsOfTick = 10_000_000;
    private const ulong KernelThread = 0x20_0000;
    private const int FlagsField = 6;

    private static readonly TimeSpan s_betweenListings = TimeSpan.FromSeconds(2);

    /// <summary>When one is asked again that was refused: it may have become somebody else's.</summary>
    private static readonly TimeSpan s_afterRefusal = TimeSpan.FromSeconds(10);

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private readonly Dictionary<int, Known> _known = [];
    private long _listed;

    private enum Sight
    {
        Bound,
        Counted,
        Refused,
        Gone,
    }

    /// <summary>Processes that may not be read.</summary>
    public int Refused => _known.Values.Count(each => each.Sight == Sight.Refused);

    /// <inheritdoc/>
    public IReadOnlyList<VmaCount> Read(int least, IReadOnlyCollection<int>? pids)
    {
        Update(pids);
        var fastest = MapCountLimit.Read() * PerSecond;
        List<VmaCount> counts = [];
        foreach (var (pid, known) in _known)
        {
            if (Stopwatch.GetTimestamp() >= known.Next)
            {
                Look(pid, known, least, fastest);
            }

            if (known.Sight == Sight.Counted && known.Most >= least && Describe(pid, known.Most) is { } count)
            {
                counts.Add(count);
            }
        }

        return counts;
    }

    private void Update(IReadOnlyCollection<int>? pids)
    {
        var now = Stopwatch.GetTimestamp();
        if (pids is null && _listed != 0 && Stopwatch.GetElapsedTime(_listed, now) < s_betweenListings)
        {
            return;
        }

        _listed = now;
        var living = pids as IReadOnlySet<int> ?? (pids ?? List()).ToHashSet();
        foreach (var pid in living)
        {
            _ = _known.TryAdd(pid, new Known());
        }

        foreach (var gone in _known
            .Where(each => each.Value.Sight == Sight.Gone || !living.Contains(each.Key)).ToArray())
        {
            _ = _known.Remove(gone.Key);
        }
    }

    private static IEnumerable<int> List()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), CultureInfo.InvariantCulture, out var pid))
            {
                yield return pid;
            }
        }
    }

    private void Look(int pid, Known known, int least, double fastest)
    {
        var now = Stopwatch.GetTimestamp();
        var pages = Pages(pid);
        (known.Sight, var most) = pages < 0 ? (Sight.Gone, 0)
            : pages == 0 || pages < least ? (Sight.Bound, pages)
            : CountLines(pid);
        if (known.Sight == Sight.Refused)
        {
            known.Next = now + Ticks(s_afterRefusal.TotalSeconds);
            return;
        }

        var elapsed = Stopwatch.GetElapsedTime(known.At, now).TotalSeconds;
        var speed = known.At == 0 ? 0 : 2 * (most - known.Most) / Math.Max(elapsed, 1e-3);
        known.Next = now + Ticks((least - most) / Math.Max(fastest, speed));
        (known.Most, known.At) = (most, now);
    }

    private static long Ticks(double seconds) => (long)(Math.Max(seconds, 0) * Stopwatch.Frequency);

    // Pages of the address space; 0: it has none, -1: it has ended.
    private int Pages(int pid)
    {
        var length = ReadWhole(pid, "statm");
        return length < 0 ? -1
            : Utf8Parser.TryParse(_buffer.AsSpan(0, length), out long pages, out _) ? (int)Math.Min(pages, int.MaxValue)
            : 0;
    }

    // The page of vsyscalls has a line, the last, and is no VMA.
    private unsafe (Sight Sight, int Vmas) CountLines(int pid)
    {
        var file = Open(pid, "maps");
        if (file < 0)
        {
            return (file == -Libc.ErrorNoEntry ? Sight.Gone : Sight.Refused, 0);
        }

        var lines = 0;
        var isVsyscall = false;
        nint length;
        fixed (byte* buffer = _buffer)
        {
            while ((length = Libc.Read(file, buffer, BufferBytes)) > 0)
            {
                ReadOnlySpan<byte> text = _buffer.AsSpan(0, (int)length);
                lines += text.Count((byte)'\n');
                isVsyscall = text.EndsWith("[vsyscall]\n"u8);
            }
        }

        _ = Libc.Close(file);
        return length < 0 ? (Sight.Gone, 0) : (Sight.Counted, isVsyscall ? lines - 1 : lines);
    }

    private VmaCount? Describe(int pid, int vmas)
    {
        var length = ReadWhole(pid, "stat");
        if (length <= 0)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(_buffer.AsSpan(0, length));
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var close = text.LastIndexOf(')');
        var fields = text[(close + 2)..].Split(' ');
        var isKernels = (ulong.Parse(fields[FlagsField], CultureInfo.InvariantCulture) & KernelThread) != 0;
        return isKernels ? null : new VmaCount(
            pid,
            ulong.Parse(fields[StartTimeField], CultureInfo.InvariantCulture) * NanosecondsOfTick,
            text[(open + 1)..close],
            vmas);
    }

    // Bytes of what fits the buffer; -1 if it cannot be read.
    private unsafe int ReadWhole(int pid, string name)
    {
        var file = Open(pid, name);
        if (file < 0)
        {
            return -1;
        }

        fixed (byte* buffer = _buffer)
        {
            var length = (int)Libc.Read(file, buffer, BufferBytes);
            _ = Libc.Close(file);
            return length;
        }
    }

    // A descriptor, or the error below 0.
    private static int Open(int pid, string name)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{name}");
        var file = Libc.OpenAt(Libc.AtCurrentDirectory, path, Libc.OpenCloseOnExec, 0);
        return file >= 0 ? file : -Marshal.GetLastPInvokeError();
    }

    /// <summary>What is known of a process.</summary>
    private sealed class Known
    {
        internal Sight Sight { get; set; }

        /// <summary>VMAs, or what they cannot be more than.</summary>
        internal int Most { get; set; }

        /// <summary>When that was read; 0: never.</summary>
        internal long At { get; set; }

        /// <summary>When it is to be looked at again.</summary>
        internal long Next { get; set; }
    }
}
