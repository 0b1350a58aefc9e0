using Verso.Lab.LockStep;

namespace Verso.Lab.Tests;

/// <summary>verify names a setting of the machine instead of blaming the engine for it.</summary>
public sealed class MachineSettingsTests
{
    private const string HugePages = "sys/kernel/mm/transparent_hugepage/hugepages-";

    [Theory]
    [InlineData("proc/sys/vm/overcommit_memory", "2\n", "vm.overcommit_memory is 2")]
    [InlineData("proc/sys/vm/overcommit_memory", "1\n", null)]
    [InlineData("sys/kernel/mm/ksm/run", "1\n", "KSM runs")]
    [InlineData("sys/kernel/mm/ksm/run", "0\n", null)]
    [InlineData("sys/kernel/mm/transparent_hugepage/shmem_enabled", "never [deny] force\n", "huge pages of shared memory")]
    [InlineData("sys/kernel/mm/transparent_hugepage/shmem_enabled", "[never] deny force\n", null)]
    [InlineData(HugePages + "64kB/enabled", "always inherit [madvise] never\n", "huge pages of 64kB are enabled")]
    [InlineData(HugePages + "64kB/enabled", "always inherit madvise [never]\n", null)]
    [InlineData(HugePages + "2048kB/enabled", "always [inherit] madvise never\n", null)]
    [InlineData("proc/self/personality", "00240000\n", "the personality 240000 gives")]
    [InlineData("proc/self/personality", "00040000\n", null)]
    [InlineData("proc/self/status", "Name:\tverso\nCapEff:\t000001ffffffbfff\n", "CAP_IPC_LOCK is missing")]
    [InlineData("proc/self/status", "Name:\tverso\nCapEff:\t000001ffffffffff\n", null)]
    [InlineData("proc/self/status", "Name:\tverso\nCapEff:\t0000000000000000\n", null)]
    public void ASettingIsNamed(string path, string value, string? said)
    {
        string root = Directory.CreateTempSubdirectory("verso-settings").FullName;
        try
        {
            string file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, value);
            string? found = MachineSettings.Disturbing(root);
            Assert.Equal(said is null, found is null);
            Assert.StartsWith(said ?? "", found ?? "", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
