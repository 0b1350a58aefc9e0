namespace Verso.Linux.Guests;

/// <summary>The initramfs of a guest: this program, what it needs to run, and files to work on.</summary>
/// <remarks>
/// <code>
///   /init               GuestInit
///   /verso/             the program, or the directory of it
///   /dotnet/            the host and the shared framework of this process, for a program that needs them
///   /lib64, /lib, /usr  shared libraries, where they are here
///   /input/             what is worked on; the current directory
/// </code>
/// It is not compressed: QEMU copies 80 MB in no time, and an emulated processor inflates them for seconds.
/// </remarks>
internal static class GuestRoot
{
    internal const string WorkDirectory = "/input";

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
        var program = GuestProgram.OfThisProcess(request.Program);
        using var archive = new CpioWriter(File.Create(path));
        foreach (var directory in GuestInit.Directories)
        {
            archive.AddDirectory(directory);
        }

        IReadOnlyList<string> command = [.. program.Command, .. request.Arguments];
        archive.AddFile("init", GuestInit.Assemble(WorkDirectory, command, s_environment));
        foreach (var (target, source) in program.Files)
        {
            archive.AddFile(target, source);
        }

        IReadOnlyList<string> loaded = [.. s_libraries.Concat(request.Libraries).Select(FindLibrary)];
        foreach (var library in loaded.Concat(ElfLibraries.Closure(program.NativeFiles.Concat(loaded))))
        {
            archive.AddFile(library[1..], library);
        }

        archive.AddDirectory(WorkDirectory[1..]);
        foreach (var (name, contents) in request.Files)
        {
            archive.AddFile($"{WorkDirectory[1..]}/{name}", contents);
        }
    }

    private static string FindLibrary(string name) => ElfLibraries.Find(name)
        ?? throw new GuestUnavailableException(
            s_libraries.Contains(name) ? $"{name} is missing; apt install libbpf1" : $"{name} is missing");
}
