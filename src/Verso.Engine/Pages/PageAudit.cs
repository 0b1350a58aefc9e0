using Verso.Engine.Frames;
using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// The audit of what lies below the VMAs. Every check says what it found, so that a failing test explains itself.
/// </summary>
internal static class PageAudit
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.AuditPages"/>.</summary>
        internal string? AuditPages() =>
            machine.AuditTables() ?? machine.AuditEntries() ?? machine.AuditFrames() ?? machine.AuditSwap()
                ?? machine.AuditFiles() ?? machine.Structure.Audit();

        /// <summary>Live counts, owners, and links from parent to child and back.</summary>
        private string? AuditTables()
        {
            int live = 0;
            for (int table = 1; table < machine.Tables.UsedCount; table++)
            {
                PageTablePool.Table info = machine.Tables[table];
                if (info.Owner.IsNone)
                {
                    continue;
                }

                live++;
                int entries = PageTablePool.EntryCount - machine.Tables.Entries(table).Count(0UL);
                if (entries != info.Live)
                {
                    return $"table {table}: {entries} entries are live, counted {info.Live}";
                }

                if (!machine.Mms.IsLive(info.Owner))
                {
                    return $"table {table}: its owner {info.Owner} is gone";
                }

                if (!machine.IsLinked(table, info))
                {
                    return $"table {table}: no entry of its parent {info.Parent} points to it";
                }
            }

            return live == machine.Tables.LiveCount
                ? null
                : $"{live} page tables are in use, counted {machine.Tables.LiveCount}";
        }

        private bool IsLinked(int table, in PageTablePool.Table info) =>
            info.Parent == 0
                ? machine.Mms[info.Owner].PageTableRoot == table
                : machine.Tables[info.Parent].Owner == info.Owner
                    && machine.Tables.Entries(info.Parent).Contains((ulong)table);

        /// <summary>
        /// Every entry lies inside a VMA and allows no more than the VMA and the state of its page do.
        /// </summary>
        private string? AuditEntries()
        {
            for (int table = 1; table < machine.Tables.UsedCount; table++)
            {
                if (!machine.Tables[table].IsLeaf)
                {
                    continue;
                }

                Mm mm = machine.Mms[machine.Tables[table].Owner];
                Span<ulong> entries = machine.Tables.Entries(table);
                for (int slot = 0; slot < entries.Length; slot++)
                {
                    ulong address = machine.Tables[table].Base + ((ulong)slot << Page.Shift);
                    string? violation = entries[slot] == 0 ? null : machine.AuditEntry(mm, address, entries[slot]);
                    if (violation is not null)
                    {
                        return $"{mm.Id} 0x{address:x}: {violation}";
                    }
                }
            }

            return null;
        }

        private string? AuditEntry(Mm mm, ulong address, ulong pte)
        {
            VmaId id = mm.Vmas.Lookup(address);
            if (id.IsNone)
            {
                return $"entry 0x{pte:x} outside any VMA";
            }

            if (!Pte.HasFrame(pte))
            {
                return (pte & Pte.Write) == 0 ? null : $"entry 0x{pte:x} without a frame is writable";
            }

            if (!machine.Frames.IsLive(Pte.Frame(pte)))
            {
                return $"maps {Pte.Frame(pte)}, which is free";
            }

            Vma vma = machine.Vmas[id];
            Frame frame = machine.Frames[Pte.Frame(pte)];
            if (frame.IsAnonymous && (vma.IsShared || !vma.Prepared))
            {
                return "an anonymous page in a VMA that is shared or was never prepared";
            }

            if (!frame.IsAnonymous && frame.Index != vma.PgoffAt(address))
            {
                return $"page {frame.Index} of its file where the VMA has {vma.PgoffAt(address)}";
            }

            bool writable = (pte & Pte.Write) != 0;
            if (writable && (vma.Flags & VmaFlags.Write) == 0)
            {
                return "writable in a VMA that is not";
            }

            return writable && !vma.IsShared && !frame.IsExclusive ? "writable, but not exclusive" : null;
        }

        /// <summary>
        /// Map counts equal entries; no frame is kept by nobody; anonymous frames are no more than entries (S5).
        /// </summary>
        private string? AuditFrames()
        {
            int[] mapped = machine.CountEntries();
            int live = 0;
            for (int pfn = 1; pfn < machine.Frames.UsedCount; pfn++)
            {
                Frame frame = machine.Frames[new Pfn(pfn)];
                if ((frame.Flags & FrameFlags.Allocated) == 0)
                {
                    continue;
                }

                live++;
                if (frame.MapCount != mapped[pfn])
                {
                    return $"{new Pfn(pfn)}: map count {frame.MapCount}, but {mapped[pfn]} entries map it";
                }

                if (frame.ReferenceCount == 0)
                {
                    return $"{new Pfn(pfn)}: in use, but nothing refers to it";
                }

                if (frame.IsExclusive && (!frame.IsAnonymous || frame.MapCount != 1))
                {
                    return $"{new Pfn(pfn)}: exclusive with map count {frame.MapCount}";
                }
            }

            return live == machine.Frames.LiveCount
                ? null
                : $"{live} frames are in use, counted {machine.Frames.LiveCount}";
        }

        /// <summary>
        /// The page cache and its frames agree; the mappings of each inode are exactly the VMAs that have it.
        /// </summary>
        private string? AuditFiles()
        {
            int cached = 0;
            int linked = 0;
            foreach (Inode inode in machine.World.Files.Inodes)
            {
                linked += inode.MappingCount;
                foreach (VmaId id in inode.Mappings)
                {
                    if (machine.Vmas[id].Mm.IsNone || machine.Vmas[id].File.IsNone
                        || machine.World.Files[machine.Vmas[id].File] != inode)
                    {
                        return $"inode {inode.Handle}: lists {id}, which does not map it";
                    }
                }

                for (ulong pgoff = 0; inode.Pages.TryNext(ref pgoff, out Pfn pfn); pgoff++)
                {
                    cached++;
                    Frame frame = machine.Frames[pfn];
                    if ((frame.Flags & FrameFlags.PageCache) == 0 || frame.Mapping != inode.Handle
                        || frame.Index != pgoff)
                    {
                        return $"inode {inode.Handle}: page {pgoff} is {pfn}, which says otherwise";
                    }
                }
            }

            return machine.AuditLinks(linked) ?? machine.AuditCached(cached);
        }

        private string? AuditLinks(int linked)
        {
            int withFile = 0;
            foreach (Mm mm in machine.Mms.Live)
            {
                foreach (VmaId id in mm.Vmas.Ids)
                {
                    withFile += machine.Vmas[id].File.IsNone ? 0 : 1;
                }
            }

            return withFile == linked ? null : $"{withFile} VMAs have a file, {linked} are on the lists of inodes";
        }

        private string? AuditCached(int cached)
        {
            for (int pfn = 1; pfn < machine.Frames.UsedCount; pfn++)
            {
                cached -= (machine.Frames[new Pfn(pfn)].Flags & FrameFlags.PageCache) != 0 ? 1 : 0;
            }

            return cached == 0 ? null : $"the page cache and its frames differ by {cached}";
        }
    }
}
