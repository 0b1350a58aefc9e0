using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Pages;

/// <summary>
/// A machine with contents and one address space, in the words of a scenario. Addresses are page numbers of one
/// mapping.
/// </summary>
internal sealed class PageStage
{
    public const ulong Base = 0x7f00_0000_0000;

    public PageStage(string design, MachineOptions? options = null)
        : this(Catalogue.Find(design)!, options)
    {
    }

    public PageStage(Catalogue.Entry design, MachineOptions? options = null)
    {
        Machine = design.Create(options ?? new MachineOptions { Contents = PageContents.Bytes });
        Assert.Equal(Errno.None, Machine.CreateMm(out MmId mm).Errno);
        Parent = mm;
    }

    /// <summary>The name of every design.</summary>
    public static TheoryData<string> Designs => [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    public Machine Machine { get; }

    public Counters Counters => Machine.Counters;

    /// <summary>fork copies entries; else the child finds its pages in memory objects, at its first access.</summary>
    public bool CopiesEntries => Machine.Design.Owner == PageOwner.PageTable;

    /// <summary>The first address space.</summary>
    public MmId Parent { get; }

    public static ulong At(int page) => Base + ((ulong)page * Page.Size);

    /// <summary>Maps private anonymous memory, readable and writable, at page 0 of the scenario.</summary>
    public PageStage WithMemory(int pages, int at = 0)
    {
        Map(pages, MapFlags.Private | MapFlags.Anonymous, at: at);
        return this;
    }

    public void Map(
        int pages,
        MapFlags flags,
        Protection protection = Protection.Read | Protection.Write,
        FileId file = default,
        int at = 0,
        ulong offset = 0)
    {
        MmapRequest request = new(
            At(at), (ulong)pages * Page.Size, protection, flags | MapFlags.Fixed, file, offset);
        Assert.Equal(SyscallResult.Ok(At(at)), Machine.Mmap(Parent, request));
    }

    public void Unmap(MmId mm, int page, int pages) =>
        Assert.Equal(Errno.None, Machine.Munmap(mm, At(page), (ulong)pages * Page.Size).Errno);

    public void Protect(MmId mm, int page, int pages, Protection protection) =>
        Assert.Equal(Errno.None, Machine.Mprotect(mm, At(page), (ulong)pages * Page.Size, protection).Errno);

    public void Advise(MmId mm, int page, int pages, Advice advice) =>
        Assert.Equal(Errno.None, Machine.Madvise(mm, At(page), (ulong)pages * Page.Size, advice).Errno);

    public MmId Fork(MmId parent)
    {
        Assert.Equal(Errno.None, Machine.Fork(parent, out MmId child).Errno);
        return child;
    }

    /// <summary>Forks, and reads so many pages of the child where fork did not copy their entries.</summary>
    public MmId ForkAndRefill(MmId parent, int first, int pages)
    {
        MmId child = Fork(parent);
        for (int page = first; page < first + pages && !CopiesEntries; page++)
        {
            _ = Read(child, page);
        }

        return child;
    }

    public void Write(MmId mm, int page, byte value) =>
        Assert.Equal(FaultOutcome.Done, Machine.WriteByte(mm, At(page), value));

    public byte Read(MmId mm, int page, int offset = 0)
    {
        Assert.Equal(FaultOutcome.Done, Machine.ReadByte(mm, At(page) + (ulong)offset, out byte value));
        return value;
    }

    public PageView Look(MmId mm, int page) => Machine.PageAt(mm, At(page));

    /// <summary>How many objects of a type are live; 0 where the design has no such type.</summary>
    public long Live(string type) => Machine.Ledger.Rows.FirstOrDefault(row => row.Name == type)?.Live ?? 0;

    /// <summary>Every invariant holds, and every walk is exact.</summary>
    public void Check()
    {
        Assert.Null(Machine.Audit());
        Assert.Null(Machine.VerifyWalks());
    }

    /// <summary>Ends these address spaces; then nothing may be left but what has a name (S3).</summary>
    public void EndAll(params ReadOnlySpan<MmId> spaces)
    {
        foreach (MmId mm in spaces)
        {
            Machine.ReleaseMm(mm);
            Check();
        }

        int cached = Machine.World.Files.Inodes.Sum(inode => inode.Pages.Count);
        foreach (Ledger.Row row in Machine.Ledger.Rows)
        {
            Assert.True(row.Live == (row.Name == "page" ? cached : 0), $"{row.Live} of {row.Name} left");
        }
    }
}
