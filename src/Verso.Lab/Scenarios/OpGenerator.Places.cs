using Verso.Engine;

namespace Verso.Lab.Scenarios;

// Mappings that the kernel places: anywhere, or near a hint that may be far away, and some as large as huge pages.
public sealed partial class OpGenerator
{
    private const int HugePage = 512;

    private static readonly int[] _placedCounts = [1, 1, 2, 3, HugePage, HugePage, HugePage + 1, 2 * HugePage];

    /// <summary>Below what may be mapped, near the top of user space, and above it.</summary>
    private static readonly ulong[] _farHints = [100, 0x7fff_f000_0000, 0x8000_0000_0000];

    private Op FillPlaced(Op op)
    {
        Window window = new(pagesPerUnit: 1);
        bool isNear = _random.Percent(30);
        bool isHinted = isNear || _random.Percent(40);
        ulong far = _random.Pick(_farHints);
        op = op with
        {
            Start = !isHinted ? Op.Anywhere : isNear ? _random.Below(Window.Pages) : window.PageOf(far),
            Odd = isHinted && !isNear ? new OddBytes((int)(far % Page.Size), 0, 0, 0) : default,
            Count = _random.Pick(_placedCounts),
            Words = PickMapWords() & ~OpWords.NoReplace,
        };
        op = op with
        {
            // What nobody may touch takes no pages, however large it is, and no huge ones.
            Protection = op.Count < HugePage ? ReadWrite : Protection.None,
            Words = isHinted ? op.Words | OpWords.Hint : op.Words,
        };
        return op.Kind == OpKind.Map
            ? op
            : op with { Other = PickMapped(), Target = _random.Percent(50) ? 0 : _random.Below(7) };
    }

    /// <summary>A file to be mapped; rarely /dev/zero.</summary>
    private char PickMapped() =>
        Rarely(mix.StrangePercent) ? Window.Files.First(file => !file.IsStored).Letter : PickFile();
}
