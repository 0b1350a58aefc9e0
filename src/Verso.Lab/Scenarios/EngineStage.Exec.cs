using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Lab.Scenarios;

// What a process has when it begins, and after an exec.
public sealed partial class EngineStage
{
    private Outcome Exec(char letter)
    {
        MmId old = _mms[letter];
        Errno errno = CreateMm(MmFlagRules.Inherited(Machine.World.Mms[old].Flags), out MmId fresh);
        if (errno == Errno.None)
        {
            Machine.InheritFlags(fresh, old);
            Machine.SetLimits(fresh, Machine.LimitsOf(old));
            Machine.ReleaseMm(old);
            CloseContexts(letter, old);
            _mms[letter] = fresh;
            if (Machine.World.Mms.IsLive(old))
            {
                _mms[Op.LeftBehind(letter)] = old;
            }
        }

        return new Outcome(errno);
    }

    /// <summary>A process that no other one forked.</summary>
    private Errno Begin(out MmId mm)
    {
        Errno errno = CreateMm(MmFlags.None, out mm);
        if (errno == Errno.None)
        {
            Machine.SetLimits(mm, _limits);
        }

        return errno;
    }

    private Errno CreateMm(MmFlags inherited, out MmId mm)
    {
        if (!_program)
        {
            return Machine.CreateMm(_beginning, out mm).Errno;
        }

        // Every exec opens the file anew.
        FileId file = OpenProgram();
        IReadOnlyList<VmaImage> vmas = ProgramImage.Vmas(Window, file, inherited);
        Errno errno = Machine.CreateMm(_beginning with { Vmas = vmas }, out mm).Errno;
        Machine.CloseFile(file);
        if (errno == Errno.None)
        {
            _ = Machine.WriteByte(mm, Window.AccessAddress(ProgramImage.WrittenPage), 0);
            _ = Machine.WriteByte(mm, Window.AccessAddress(ProgramImage.StackPage(Window)), 0);
        }

        return errno;
    }

    private FileId OpenProgram() => Machine.OpenFile(
        FileKind.SharedMemory,
        WindowFile.Device,
        ProgramImage.Inode,
        Window.Bytes(ProgramImage.FilePages),
        FileModes.Read);

    /// <summary>The program was written before it is executed: its pages are in the page cache.</summary>
    private void CacheProgram()
    {
        FileId file = OpenProgram();
        Invariant.Require(Machine.CreateMm(_beginning, out MmId reader).Errno == Errno.None);
        _ = Machine.Mmap(reader, new MmapRequest(
            Window.Address(0),
            Window.Bytes(ProgramImage.FilePages),
            Protection.Read,
            MapFlags.Private | MapFlags.Fixed,
            file));
        for (int page = 0; page < ProgramImage.FilePages; page++)
        {
            _ = Machine.ReadByte(reader, Window.AccessAddress(page), out _);
        }

        Machine.ReleaseMm(reader);
    }
}
