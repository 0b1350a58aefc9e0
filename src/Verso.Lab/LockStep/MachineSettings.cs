using System.Globalization;

namespace Verso.Lab.LockStep;

/// <summary>Settings of the whole machine that change what a kernel does.</summary>
public static class MachineSettings
{
    /// <summary>vm.overcommit_memory of the running kernel.</summary>
    public static int OvercommitMode() =>
        int.TryParse(Read("/proc/sys/vm/overcommit_memory"), CultureInfo.InvariantCulture, out int mode) ? mode : 0;

    /// <summary>
    /// The first that would make kernel and engine differ, as the engine does not model it, in one line; null if none.
    /// </summary>
    /// <param name="root">What stands before /proc and /sys; empty for the running kernel's own.</param>
    public static string? Disturbing(string root = "")
    {
        if (Read($"{root}/proc/sys/vm/overcommit_memory") == "2")
        {
            return "vm.overcommit_memory is 2: this kernel keeps a commit limit that the engine does not model; "
                + "set it to 0 or 1 for verify";
        }

        if (Read($"{root}/sys/kernel/mm/ksm/run") == "1")
        {
            return "KSM runs and may merge pages between two steps; write 0 to /sys/kernel/mm/ksm/run for verify";
        }

        string hugePages = $"{root}/sys/kernel/mm/transparent_hugepage";
        if (Read($"{hugePages}/shmem_enabled") is string shared && shared.Contains("[deny]"))
        {
            return "huge pages of shared memory are denied, also to MADV_COLLAPSE, which the engine does not model; "
                + "write never to /sys/kernel/mm/transparent_hugepage/shmem_enabled for verify";
        }

        if (OwnTraits($"{root}/proc/self") is string own)
        {
            return own;
        }

        return IntermediateHugePages(hugePages) is string size
            ? $"huge pages of {size} are enabled, which the engine does not model; write never to "
                + $"/sys/kernel/mm/transparent_hugepage/hugepages-{size}/enabled for verify"
            : null;
    }

    /// <summary>What the processes that play would inherit: a layout, and what they may do.</summary>
    private static string? OwnTraits(string self)
    {
        const int LockMemory = 14;
        const int Administer = 21;
        const uint ReadImpliesExec = 0x0400000;
        const uint OldLayout = 0x0200000;
        const uint MapPageZero = 0x0100000;
        if (TryReadHex(Read($"{self}/personality"), out ulong personality)
            && (personality & (ReadImpliesExec | OldLayout | MapPageZero)) != 0)
        {
            return $"the personality {personality:x} gives a memory layout that scenarios do not have; "
                + "run verify without setarch -L, -X or -Z";
        }

        string? effective = Read($"{self}/status")?.Split('\n')
            .FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        return TryReadHex(effective?["CapEff:".Length..].Trim(), out ulong capabilities)
            && (capabilities >> Administer & 1) != 0 && (capabilities >> LockMemory & 1) == 0
            ? "CAP_IPC_LOCK is missing, without which memory cannot be locked beyond RLIMIT_MEMLOCK; run verify with it"
            : null;
    }

    private static bool TryReadHex(string? text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);

    /// <summary>mTHP: a fault fills several pages at once. Of 2 MiB none fits into what scenarios map.</summary>
    private static string? IntermediateHugePages(string folder)
    {
        const string Prefix = "hugepages-";
        const string Largest = "2048kB";
        string[] sizes = Directory.Exists(folder) ? Directory.GetDirectories(folder, $"{Prefix}*") : [];
        return sizes
            .Where(size => Read($"{size}/enabled") is string chosen && !chosen.Contains("[never]"))
            .Order(StringComparer.Ordinal)
            .Select(size => Path.GetFileName(size)[Prefix.Length..])
            .FirstOrDefault(size => size != Largest);
    }

    private static string? Read(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : null;
}
