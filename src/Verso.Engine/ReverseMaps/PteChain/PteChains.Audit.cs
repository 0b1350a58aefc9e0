namespace Verso.Engine.ReverseMaps.PteChain;

// The design's own invariants.
internal sealed partial class PteChains
{
    /// <summary>
    /// Every tracked frame has a sound chain (<see cref="PointerChains.Audit"/>), and no block is lost.
    /// </summary>
    public string? Audit()
    {
        PointerChains.Found found = new();
        for (int pfn = 1; pfn < _frames.UsedCount; pfn++)
        {
            Pfn frame = new(pfn);
            if (!_frames.IsLive(frame) || !IsTracked(_frames[frame]))
            {
                continue;
            }

            string? violation = _chains.Audit(frame, HeadOf(ref _frames[frame], frame), found);
            if (violation is not null)
            {
                return violation;
            }
        }

        return _chains.AuditBlockCount(found);
    }
}
