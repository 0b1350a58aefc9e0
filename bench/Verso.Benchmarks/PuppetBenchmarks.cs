using BenchmarkDotNet.Attributes;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Benchmarks;

/// <summary>
/// Steps of a puppet on the live kernel; goal: 80,000 calls or accesses a second, 12.5 us each. A second process that
/// is busy on the theatre's processor doubles them.
/// </summary>
[MemoryDiagnoser]
public class PuppetBenchmarks
{
    private const ulong Address = 0x10000000;
    private const ulong Bytes = 0x1000;

    private PuppetTheatre _theatre = null!;
    private Puppet _puppet = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _theatre = PuppetTheatre.Open(new TheatreOptions());
        _puppet = _theatre.Start();
        _ = _puppet.Call(SystemCallNumber.Mmap, Address, Bytes, 3, 0x32, ulong.MaxValue);
    }

    [GlobalCleanup]
    public void CleanUp() => _theatre.Dispose();

    /// <summary>A call that does nothing: what a step costs.</summary>
    [Benchmark]
    public PuppetOutcome Call() => _puppet.Call(SystemCallNumber.GetPid);

    /// <summary>mprotect there and back.</summary>
    [Benchmark(OperationsPerInvoke = 2)]
    public PuppetOutcome Mprotect()
    {
        _ = _puppet.Call(SystemCallNumber.Mprotect, Address, Bytes, 1);
        return _puppet.Call(SystemCallNumber.Mprotect, Address, Bytes, 3);
    }

    [Benchmark]
    public PuppetOutcome Load() => _puppet.Load(Address);

    [Benchmark]
    public PuppetOutcome Store() => _puppet.Store(Address, 1);

    /// <summary>A load that raises SIGSEGV.</summary>
    [Benchmark]
    public PuppetOutcome Fault() => _puppet.Load(0);

    [Benchmark]
    public PuppetOutcome Execute() => _puppet.Execute(0);

    [Benchmark]
    public PuppetOutcome ForkAndExit()
    {
        _ = _puppet.Fork(out var child);
        return child!.Exit();
    }

    [Benchmark]
    public PuppetOutcome StartAndExit() => _theatre.Start().Exit();

    [Benchmark]
    public PuppetOutcome Exec()
    {
        var outcome = _puppet.Exec();
        _ = _puppet.Call(SystemCallNumber.Mmap, Address, Bytes, 3, 0x32, ulong.MaxValue);
        return outcome;
    }
}
