namespace Verso.Engine.Tests.Live;

/// <summary>What one page of an address space holds, as far as a kernel tells root.</summary>
/// <remarks>
/// A page of a file counts as nothing: which of those are mapped depends on what happens to be cached around a fault
/// (do_fault_around).
/// </remarks>
/// <param name="Presence">What is there; Present only if it is anonymous memory.</param>
/// <param name="MapCount">How many entries map the frame, if it is present.</param>
internal readonly record struct PageState(PagePresence Presence, int MapCount)
{
    private const ulong PresentBit = 1UL << 63;
    private const ulong GuardBit = 1UL << 58;
    private const ulong FrameMask = (1UL << 55) - 1;
    private const int AnonymousFlag = 12;
    private const int ZeroPageFlag = 24;

    /// <summary>Reads /proc/PID/pagemap, /proc/kpageflags and /proc/kpagecount. Needs root.</summary>
    public static PageState[] Read(int pid, ulong start, ulong end)
    {
        PageState[] states = new PageState[(end - start) / Page.Size];
        using FileStream map = Open($"/proc/{pid}/pagemap");
        using FileStream flags = Open("/proc/kpageflags");
        using FileStream counts = Open("/proc/kpagecount");
        for (int page = 0; page < states.Length; page++)
        {
            ulong entry = Word(map, (start / Page.Size) + (ulong)page);
            states[page] = (entry & PresentBit) == 0
                ? new PageState((entry & GuardBit) != 0 ? PagePresence.Guard : PagePresence.Empty, 0)
                : Present(Word(flags, entry & FrameMask), Word(counts, entry & FrameMask));
        }

        return states;
    }

    private static PageState Present(ulong flags, ulong count)
    {
        if ((flags >> ZeroPageFlag & 1) != 0)
        {
            return new PageState(PagePresence.ZeroPage, 0);
        }

        bool anonymous = (flags >> AnonymousFlag & 1) != 0;
        return anonymous ? new PageState(PagePresence.Present, (int)count) : default;
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    private static ulong Word(FileStream file, ulong index)
    {
        Span<byte> bytes = stackalloc byte[8];
        file.Position = (long)index * 8;
        file.ReadExactly(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
