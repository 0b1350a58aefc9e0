using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.Vmas;

/// <summary>Many VMAs on one anon_vma, and many in one address space.</summary>
public sealed class ManyVmasTests
{
    /// <summary>Hugh Dickins' case: an area that mprotect has cut into VMAs of one page each (3d470fc385de).</summary>
    [Fact]
    public void A_walk_visits_one_of_twenty_thousand_VMAs()
    {
        const int Pages = 20_000;
        PageStage scenario = new PageStage("anon-vma-chain", new MachineOptions()).WithMemory(Pages);
        scenario.Machine.Fault(scenario.Parent, PageStage.At(0), FaultAccess.Write);
        for (int page = 1; page < Pages; page += 2)
        {
            scenario.Protect(scenario.Parent, page, 1, Protection.Read);
        }

        Assert.Equal(Pages, scenario.Live("vm_area_struct"));
        Assert.Equal(1, scenario.Live("anon_vma"));
        Assert.Equal(Pages, scenario.Live("anon_vma_chain"));
        for (int page = 0; page < Pages; page += 2)
        {
            scenario.Machine.Fault(scenario.Parent, PageStage.At(page), FaultAccess.Write);
            Assert.Equal(new WalkResult(1, 1, 1), scenario.Machine.Walk(scenario.Parent, PageStage.At(page)));
        }

        scenario.Protect(scenario.Parent, 0, Pages, Protection.Read);
        Assert.Equal(1, scenario.Live("vm_area_struct"));
        Assert.Equal(1, scenario.Live("anon_vma_chain"));
        scenario.Check();
    }
}
