using System.Runtime.InteropServices;

namespace Verso.Linux.Guests;

/// <summary>
/// The initramfs of a guest: the .NET runtime that runs here, this program, the libraries both need, and files to work
/// on.
/// </summary>
/// <remarks>
/// <code>
///   /init               GuestInit
///   /dotnet/            the host and the shared framework of this process
///   /verso/             the directory of this program
///   /lib64, /lib, /usr  shared libraries, where they are here
///   /input/             what is worked on; the current directory
/// </code>
/// It is not compressed: QEMU copies 80 MB in no time, and an emulated processor inflates them for seconds.
/// </remarks>
internal static class GuestRoot
{
    internal const string WorkDirectory = "/input";

    /// <summary>What only debuggers and tracers use, or needs libraries that nobody has.</summary>
    private static readonly string[] s_unused =
        ["libmscordbi.so", "libmscordaccore.so", "libcoreclrtraceptprovider.so", "createdump"];

    private static readonly string[] s_libraries = ["libbpf.so.1"];

    private static readonly string[] s_environment =
    [
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "DOTNET_EnableDiagnostics=0", "DOTNET_gcServer=0", "HOME=/tmp",
        "PATH=/dotnet", "NO_COLOR=1", "TERM=dumb",
    ];

    /// <summary>Writes it to a file.</summary>
    /// <param name="path">Of the archive.</param>
    /// <param name="request">What is run, and its files, which are below <see cref="WorkDirectory"/>.</param>
    internal static void Write(string path, GuestRequest request)
    {
        var runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());
        var version = Path.GetFileName(runtime);
        var dotnet = Path.GetFullPath(Path.Combine(runtime, "../../.."));
        var resolver = Path.Combine(dotnet, "host/fxr", version);
        var program = AppContext.BaseDirectory;
        if (!File.Exists(Path.Combine(dotnet, "dotnet")) || !Directory.Exists(resolver))
        {
            throw new GuestUnavailableException($"no .NET runtime {version} in {dotnet} that could be taken along");
        }

        using var archive = new CpioWriter(File.Create(path));
        foreach (var directory in GuestInit.Directories)
        {
            archive.AddDirectory(directory);
        }

        IReadOnlyList<string> command = ["/dotnet/dotnet", $"/verso/{request.Program}", .. request.Arguments];
        archive.AddFile("init", GuestInit.Assemble(WorkDirectory, command, s_environment));
        archive.AddFile("dotnet/dotnet", Path.Combine(dotnet, "dotnet"));
        AddTree(archive, "dotnet/host/fxr/" + version, resolver);
        AddTree(archive, "dotnet/shared/Microsoft.NETCore.App/" + version, runtime);
        AddTree(archive, "verso", program);
        foreach (var library in Libraries(dotnet, runtime, resolver, request.Libraries))
        {
            archive.AddFile(library[1..], library);
        }

        archive.AddDirectory(WorkDirectory[1..]);
        foreach (var (name, contents) in request.Files)
        {
            archive.AddFile($"{WorkDirectory[1..]}/{name}", contents);
        }
    }

    private static IReadOnlyCollection<string> Libraries(
        string dotnet, string runtime, string resolver, IReadOnlyList<string> more)
    {
        string[] own =
        [
            .. s_libraries.Select(name => ElfLibraries.Find(name)
                ?? throw new GuestUnavailableException($"{name} is missing; apt install libbpf1")),
            .. more.Select(name => ElfLibraries.Find(name)
                ?? throw new GuestUnavailableException($"{name} is missing")),
        ];
        IEnumerable<string> native =
        [
            Path.Combine(dotnet, "dotnet"), .. Used(runtime, "*.so"), .. Used(resolver, "*.so"), .. own,
        ];
        return [.. own, .. ElfLibraries.Closure(native)];
    }

    private static void AddTree(CpioWriter archive, string target, string source)
    {
        foreach (var file in Used(source, "*"))
        {
            archive.AddFile($"{target}/{Path.GetRelativePath(source, file)}", file);
        }
    }

    private static IEnumerable<string> Used(string directory, string pattern) =>
        Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories)
            .Where(file => !s_unused.Contains(Path.GetFileName(file))
                && Path.GetExtension(file) is not (".xml" or ".pdb"))
            .Order(StringComparer.Ordinal);
}
