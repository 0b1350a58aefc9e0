using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Verso.Against;

// Two engines in one process, path by path in turn, so that whatever else the machine does meets both:
// Verso.Against OTHER-ASSEMBLY ROUNDS [DESIGN]. Started by bench/against.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int rounds = int.Parse(args[1], CultureInfo.InvariantCulture);
IReadOnlyList<(string Name, Func<Action> Make)> other = Load(Path.GetFullPath(args[0]));
IReadOnlyList<(string Name, Func<Action> Make)> here = Load(typeof(EnginePaths).Assembly.Location);
List<double> ratios = [];
Console.WriteLine(
    "design               path                 other ns   here ns   ratio of least   median of ratios   bytes");
foreach (((string name, Func<Action> makeOther), (_, Func<Action> makeHere)) in other.Zip(here))
{
    if (args.Length == 2 || name.StartsWith(args[2], StringComparison.Ordinal))
    {
        ratios.Add(Compare(name, makeOther(), makeHere()));
    }
}

ratios.Sort();
Console.WriteLine($"{ratios.Count} paths: median {ratios[ratios.Count / 2]:0.000}, most {ratios[^1]:0.000}");
return 0;

// Prints a row; returns the median of the ratios.
double Compare(string name, Action before, Action after)
{
    for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < 60;)
    {
        before();
        after();
    }

    long bytesBefore = long.MaxValue;
    long bytesAfter = long.MaxValue;
    int repeats = Math.Max(1, (int)(250_000 / Measure(before, 1, ref bytesBefore)));
    (double leastBefore, double leastAfter) = (double.MaxValue, double.MaxValue);
    List<double> each = [];
    for (int round = 0; round < rounds; round++)
    {
        double first = (round & 1) == 0 ? 0 : Measure(after, repeats, ref bytesAfter);
        double old = Measure(before, repeats, ref bytesBefore);
        double fresh = (round & 1) == 0 ? Measure(after, repeats, ref bytesAfter) : first;
        (leastBefore, leastAfter) = (Math.Min(leastBefore, old), Math.Min(leastAfter, fresh));
        each.Add(fresh / old);
    }

    each.Sort();
    double median = each[each.Count / 2];
    Console.WriteLine(
        $"{name} {leastBefore,10:0} {leastAfter,9:0} {leastAfter / leastBefore,16:0.000} {median,18:0.000}"
        + $"   {bytesBefore}, {bytesAfter}");
    return median;
}

// Nanoseconds of one action; and the fewest bytes that one has allocated.
static double Measure(Action action, int repeats, ref long bytes)
{
    long allocated = GC.GetAllocatedBytesForCurrentThread();
    long start = Stopwatch.GetTimestamp();
    for (int i = 0; i < repeats; i++)
    {
        action();
    }

    double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds / repeats;
    bytes = Math.Min(bytes, (GC.GetAllocatedBytesForCurrentThread() - allocated) / repeats);
    return nanoseconds;
}

// Both are loaded the same way: code of the default context is not compiled quite alike.
static IReadOnlyList<(string Name, Func<Action> Make)> Load(string assembly)
{
    Assembly loaded = new EngineContext(Path.GetDirectoryName(assembly)!).LoadFromAssemblyPath(assembly);
    Type paths = loaded.GetType(typeof(EnginePaths).FullName!)!;
    object? engine = paths.GetProperty(nameof(EnginePaths.Engine))!.GetValue(null);
    if (!Equals(engine, Path.Combine(Path.GetDirectoryName(assembly)!, "Verso.Engine.dll")))
    {
        throw new InvalidOperationException($"{assembly} was to be measured, and it is {engine} that would be");
    }

    return (IReadOnlyList<(string, Func<Action>)>)paths.GetMethod(nameof(EnginePaths.All))!.Invoke(null, null)!;
}
