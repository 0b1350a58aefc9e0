using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Verso.Linux.Guests;

/// <summary>A program as a guest has it.</summary>
/// <param name="Command">The words that start it; the first is the path of an executable in the guest.</param>
/// <param name="Files">Paths in the guest, without a slash at their beginning, and the files here.</param>
internal sealed record GuestProgram(IReadOnlyList<string> Command, IReadOnlyList<(string Target, string Source)> Files)
{
    /// <summary>What only debuggers and tracers use, or needs libraries that nobody has.</summary>
    private static readonly string[] s_unused =
        ["libmscordbi.so", "libmscordaccore.so", "libcoreclrtraceptprovider.so", "createdump"];

    /// <summary>Those that may need shared libraries.</summary>
    internal IEnumerable<string> NativeFiles =>
        Files.Select(file => file.Source).Where(file => Path.GetExtension(file) is "" or ".so");

    /// <summary>
    /// The running program: one file if it was compiled ahead of time, else its directory and the .NET runtime. Throws
    /// <see cref="GuestUnavailableException"/>.
    /// </summary>
    /// <param name="assembly">The file of that directory that the runtime runs.</param>
    internal static GuestProgram OfThisProcess(string assembly) =>
        RuntimeFeature.IsDynamicCodeSupported ? WithRuntime(assembly) : Alone();

    private static GuestProgram Alone()
    {
        var path = Environment.ProcessPath
            ?? throw new GuestUnavailableException("the path of this program is unknown (/proc/self/exe)");
        return new GuestProgram(["/verso/verso"], [("verso/verso", path)]);
    }

    private static GuestProgram WithRuntime(string assembly)
    {
        var runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());
        var version = Path.GetFileName(runtime);
        var dotnet = Path.GetFullPath(Path.Combine(runtime, "../../.."));
        var resolver = Path.Combine(dotnet, "host/fxr", version);
        var host = Path.Combine(dotnet, "dotnet");
        if (!File.Exists(host) || !Directory.Exists(resolver))
        {
            throw new GuestUnavailableException($"no .NET runtime {version} in {dotnet} for the guest");
        }

        return new GuestProgram(
            ["/dotnet/dotnet", $"/verso/{assembly}"],
            [
                ("dotnet/dotnet", host),
                .. Tree("dotnet/host/fxr/" + version, resolver),
                .. Tree("dotnet/shared/Microsoft.NETCore.App/" + version, runtime),
                .. Tree("verso", AppContext.BaseDirectory),
            ]);
    }

    private static IEnumerable<(string Target, string Source)> Tree(string target, string source) =>
        Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories)
            .Where(file => !s_unused.Contains(Path.GetFileName(file))
                && Path.GetExtension(file) is not (".xml" or ".pdb"))
            .Order(StringComparer.Ordinal)
            .Select(file => ($"{target}/{Path.GetRelativePath(source, file)}", file));
}
