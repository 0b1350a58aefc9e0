namespace Verso.Engine.Tests.Conformance;

/// <summary>Steps as text.</summary>
/// <remarks>
/// Strategy: whole random scenarios, seeds 1 to 50, are printed and read back; each word also by itself.
/// </remarks>
public sealed class OpTextTests
{
    [Theory]
    [InlineData("map A 4 3 rw")]
    [InlineData("map A ? 3 r- shared populate")]
    [InlineData("map B -2 3 -- hint locked noreserve")]
    [InlineData("file A 4 3 rwx f 2 shared noreplace")]
    [InlineData("map A ? 3 rw below2gib stack nonblock unknown")]
    [InlineData("remap A 4 3 3 maymove unknown")]
    [InlineData("lock A 4 3 unknown")]
    [InlineData("protect A 4 3 r- growsdown growsup")]
    [InlineData("unmap A 4 3")]
    [InlineData("protect A 4 3 -w")]
    [InlineData("remap A 4 3 5")]
    [InlineData("remap A 4 3 3 maymove fixed 10 dontunmap")]
    [InlineData("remap A 4 3 3 hint 12 maymove dontunmap")]
    [InlineData("advise A 4 3 guardinstall")]
    [InlineData("lock A 4 3 onfault")]
    [InlineData("lockall A onfault current future")]
    [InlineData("policy A 4 3 1")]
    [InlineData("name A 4 3 heap")]
    [InlineData("name A 4.1 3")]
    [InlineData("brk A 20")]
    [InlineData("fork A B")]
    [InlineData("write A 5 255")]
    [InlineData("truncate f 5")]
    [InlineData("punch f 1 2")]
    [InlineData("exec A")]
    [InlineData("fail 3")]
    [InlineData("map A 4.1 2.4095 rw hint")]
    [InlineData("file A 4 3 r- f 2.512")]
    [InlineData("remap A 4.1 3.2 5.3 maymove fixed 10.4")]
    [InlineData("unmap A 4.1 0.1")]
    [InlineData("advise A 4 1.8 99")]
    [InlineData("policy A 4.1 1 1")]
    [InlineData("brk A 20.100")]
    [InlineData("attach A ? r-")]
    [InlineData("attach A 4.1 rwx over round")]
    [InlineData("detach A 4.1")]
    [InlineData("protect A 16 2 r- growsdown")]
    public void PrintsWhatItParsed(string line) => Assert.Equal(line, OpText.Print(OpText.Parse(line)));

    [Theory]
    [InlineData("map")]
    [InlineData("jump A 4")]
    [InlineData("map A 4")]
    [InlineData("map A four 3 rw")]
    [InlineData("map A 4 3 rw gladly")]
    [InlineData("advise A 4 3 nothing")]
    [InlineData("unmap A 4.4096 3")]
    [InlineData("read A 4.1")]
    public void RefusesWhatIsNoStep(string line) =>
        Assert.ThrowsAny<Exception>(() => OpText.Parse(line));

    [Fact]
    public void EveryGeneratedScenarioSurvivesText()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            Scenario scenario = new ScenarioMaker(seed).MakeFailing(80) with
            {
                MaxMaps = (int)(seed % 3),
                PagesPerUnit = 1 + (int)(seed % 2),
            };
            Scenario again = Scenario.Parse(scenario.ToString());
            Assert.Equal(scenario.Ops, again.Ops);
            Assert.Equal(scenario.ToString(), again.ToString());
        }
    }

    /// <summary>What parses is printed as text that parses to the same.</summary>
    [Theory]
    [InlineData("map A 4 2 rw -> page #", "# \nmap A 4 2 rw  -> page\n")]
    [InlineData("#\n#\nmap A 4 2 rw ->", "#\n#\nmap A 4 2 rw  ->\n")]
    [InlineData("exec A\nexec A # why\n# the end", "exec A\n# why\nexec A\n# the end\n")]
    [InlineData("exec A\nA:", "exec A\nA:\n")]
    public void OddScenariosPrintAsTheyAre(string text, string printed)
    {
        string expected = printed.Replace("# \n", "");
        Assert.Equal(expected, Scenario.Parse(text).ToString());
        Assert.Equal(expected, Scenario.Parse(expected).ToString());
    }

    [Theory]
    [InlineData("A: nothing\nexec A")]
    [InlineData("option lazyfree 9\nexec A")]
    [InlineData("unmap A 4.4294967297 3")]
    [InlineData("map A -9223372036854775808 3 rw")]
    public void WhatCannotBePrintedIsNoScenario(string text) =>
        Assert.ThrowsAny<FormatException>(() => Scenario.Parse(text));

    [Fact]
    public void CommentsStayWhereTheyWere()
    {
        const string Text = "# why\nmap A 4 3 rw  -> page 4\nA: 4+3 rw - ...\n# then\n# this\nwrite A 4 1\n";
        Scenario scenario = Scenario.Parse(Text);
        Assert.Equal(Text, scenario.ToString());
        Assert.Equal(scenario.Ops, Scenario.Parse(Text.Replace("4 1\n", "4 1 # a byte\n")).Ops);
        Assert.Contains("# a byte\nwrite A 4 1\n", Scenario.Parse("exec A\nwrite A 4 1 # a byte\n").ToString());
    }
}
