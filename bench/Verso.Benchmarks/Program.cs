using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using Verso.Benchmarks;
using Verso.Linux.Puppets;

// --smoke runs every benchmark once with every parameter, so that none rots; --vma-index COUNT ROUNDS is the engine's
// part of bench/vma-index; all else goes to BenchmarkDotNet.
if (args is ["--smoke"])
{
    return Smoke.RunAll();
}

if (args is ["--vma-index", string count, string rounds])
{
    CultureInfo culture = CultureInfo.InvariantCulture;
    VmaIndexBenchmark.Print(int.Parse(count, culture), int.Parse(rounds, culture));
    return 0;
}

BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
return 0;

namespace Verso.Benchmarks
{
    internal static class Smoke
    {
        public static int RunAll()
        {
            int count = 0;
            foreach (string design in PageBenchmarks.Names)
            {
                count += Run(new PageBenchmarks { Design = design });
                count += Run(new WalkBenchmarks { Design = design, Mappings = 3 });
            }

            if (PuppetTheatre.Unavailable() is { } reason)
            {
                Console.WriteLine($"no puppets: {reason}");
            }
            else
            {
                count += Run(new PuppetBenchmarks());
            }

            VmaIndexBenchmark.Print(count: 100, rounds: 1);
            Console.WriteLine($"{count} benchmarks ran");
            return count > 0 ? 0 : 1;
        }

        private static int Run(object benchmark)
        {
            int count = 0;
            MethodInfo[] methods = benchmark.GetType().GetMethods();
            foreach (MethodInfo method in methods.Where(m => m.IsDefined(typeof(GlobalSetupAttribute))))
            {
                method.Invoke(benchmark, null);
            }

            foreach (MethodInfo method in methods.Where(m => m.IsDefined(typeof(BenchmarkAttribute))))
            {
                method.Invoke(benchmark, null);
                count++;
            }

            foreach (MethodInfo method in methods.Where(m => m.IsDefined(typeof(GlobalCleanupAttribute))))
            {
                method.Invoke(benchmark, null);
            }

            return count;
        }
    }
}
