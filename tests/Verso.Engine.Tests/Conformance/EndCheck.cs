using Verso.Engine.Objects;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// S3: when the last process has exited nothing remains but the page cache of files that have a name.
/// </summary>
internal static class EndCheck
{
    /// <summary>Ends every process of a machine; the first thing that is left over as text, or null.</summary>
    public static string? EndAll(EngineStage driver)
    {
        foreach (char letter in driver.Mms.Keys.ToArray())
        {
            while (driver.Mms.ContainsKey(letter))
            {
                driver.Release(letter);
            }

            if (driver.Machine.Audit() is string violation)
            {
                return $"after {letter} exited: {violation}";
            }
        }

        return Leftover(driver.Machine);
    }

    /// <summary>What is left of a machine whose processes have all ended, as text, or null.</summary>
    public static string? Leftover(Machine machine)
    {
        long cached = 0;
        foreach (Inode inode in machine.World.Files.Inodes)
        {
            if (inode.Device == FileTable.InternalDevice)
            {
                return $"shared memory {inode.Number} without a name is left";
            }

            if (inode.MappingCount != 0)
            {
                return $"inode {inode.Number} still has {inode.MappingCount} mappings";
            }

            cached += inode.Pages.Count;
        }

        foreach (Ledger.Row row in machine.Ledger.Rows)
        {
            long expected = row.Name == "page" ? cached : 0;
            if (row.Live != expected)
            {
                return $"{row.Live} of {row.Name} are left, expected {expected}";
            }
        }

        return null;
    }
}
