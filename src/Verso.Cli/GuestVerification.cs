using Verso.Lab.Playing;
using Verso.Linux.Guests;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso verify --kernel: the same verification, inside a kernel that is booted for it.</summary>
internal static class GuestVerification
{
    /// <summary>What the guest's verso printed is printed, and its exit status returned.</summary>
    /// <param name="surroundings">Where to.</param>
    /// <param name="image">The kernel.</param>
    /// <param name="names">Scenario files, directories, traces.</param>
    /// <param name="options">The other words after <c>verify</c>.</param>
    /// <param name="seconds">After which the guest is ended.</param>
    internal static int Run(
        Surroundings surroundings,
        string image,
        IReadOnlyList<string> names,
        IReadOnlyList<string> options,
        int seconds)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        List<string> inside = [];
        foreach (string name in names)
        {
            inside.Add(Take(name, files));
        }

        GuestMachine machine = new();
        using Interruption interruption = new();
        GuestOutput output;
        using (ProgressLine.Start(surroundings, () => $"{Path.GetFileName(image)}: {machine.LastLine}"))
        {
            output = machine.Run(
                new GuestRequest
                {
                    Image = image,
                    Arguments = ["verify", .. inside, .. options],
                    Files = files,
                    TimeLimit = TimeSpan.FromSeconds(seconds),
                },
                interruption.Token);
        }

        surroundings.Output.Write(Printable.Lines(output.Text));
        return output.ExitStatus;
    }

    /// <summary>A device has no length, and what it gives no end.</summary>
    private static byte[] ReadAll(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] bytes = new byte[stream.CanSeek
            ? stream.Length
            : throw new FormatException("a file is needed, not a pipe")];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Its name in the guest: as it was given, without what leads out of the current directory.</summary>
    private static string Take(string name, Dictionary<string, byte[]> files)
    {
        string inside = string.Join('/', name.Split('/').Where(part => part is not ("" or "." or "..")));
        inside = inside.Length == 0 ? "here" : inside;
        try
        {
            foreach (string file in Directory.Exists(name)
                ? Directory.GetFiles(name, "*.txt", SearchOption.AllDirectories)
                : [name])
            {
                string path = file == name ? inside : $"{inside}/{Path.GetRelativePath(name, file)}";
                files[path] = ReadAll(file);
            }
        }
        catch (FormatException problem)
        {
            throw new InputException(name, problem);
        }

        return inside;
    }
}
