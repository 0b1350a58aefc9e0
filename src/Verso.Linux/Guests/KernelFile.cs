using System.Diagnostics;
using System.Formats.Tar;

namespace Verso.Linux.Guests;

/// <summary>A kernel to boot: a vmlinuz file, or the one in a Debian package of a kernel.</summary>
internal static class KernelFile
{
    private const int MagicOffset = 0x202; // Documentation/arch/x86/boot.rst: the real-mode header
    private const string Package = ".deb";

    /// <summary>
    /// The path of a vmlinuz; what is in a package is copied to the directory. Throws
    /// <see cref="GuestUnavailableException"/>.
    /// </summary>
    internal static string Find(string image, string directory)
    {
        try
        {
            var path = image.EndsWith(Package, StringComparison.Ordinal) ? Extract(image, directory) : image;
            using var file = File.OpenRead(path);
            var magic = new byte[4];
            file.Seek(MagicOffset, SeekOrigin.Begin);
            file.ReadExactly(magic);
            return magic.AsSpan().SequenceEqual("HdrS"u8)
                ? path
                : throw new GuestUnavailableException($"{image}: neither a bootable x86 kernel nor a .deb of one");
        }
        catch (EndOfStreamException)
        {
            throw new GuestUnavailableException($"{image}: too short for a kernel");
        }
        catch (NotSupportedException)
        {
            throw new GuestUnavailableException($"{image}: a file is needed, not a pipe");
        }
    }

    private static string Extract(string package, string directory)
    {
        File.OpenRead(package).Dispose(); // the message of a missing file
        var start = new ProcessStartInfo("dpkg-deb", ["--fsys-tarfile", package])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = GuestMachine.Start(start, "dpkg-deb is missing: give a vmlinuz file, or apt install dpkg");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        string? found = null;
        try
        {
            using var archive = new TarReader(process.StandardOutput.BaseStream);
            while (found is null && archive.GetNextEntry() is TarEntry entry)
            {
                if (IsKernel(entry.Name) && entry.DataStream is not null)
                {
                    found = Path.Combine(directory, "vmlinuz");
                    entry.ExtractToFile(found, overwrite: true);
                }
            }
        }
        catch (Exception broken) when (broken is InvalidDataException or FormatException or IOException)
        {
            throw new GuestUnavailableException($"{package}: not a Debian package ({broken.Message})");
        }
        finally
        {
            process.Kill();
        }

        return found ?? throw new GuestUnavailableException(
            $"{package}: no vmlinuz in this package (since 6.19, Debian's is in linux-binary-*)");
    }

    /// <summary>/boot/vmlinuz-RELEASE; in packages since 6.19 /usr/lib/modules/RELEASE/vmlinuz.</summary>
    private static bool IsKernel(string name) =>
        name.Contains("/boot/vmlinuz-", StringComparison.Ordinal)
        || (name.Contains("/lib/modules/", StringComparison.Ordinal)
            && name.EndsWith("/vmlinuz", StringComparison.Ordinal));
}
