using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Verso.Browser.Tests;

/// <summary>verso report in a browser: whole, silent, asking nobody for anything, and for all who look or do not.</summary>
public sealed class ReportPageTests(Browser browser) : IClassFixture<Browser>
{
    private const string Redis = "redis-bgsave.verso";

    private static readonly string _examples = FindExamples();

    /// <summary>Folders of examples; what is in one makes one page.</summary>
    public static TheoryData<string> Folders =>
        ["", .. Directory.GetDirectories(_examples).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task EveryViewIsDrawnInSilence(string folder)
    {
        string[] files =
        [
            .. Directory.GetFiles(Example(folder)).Where(file => Path.GetExtension(file) is ".verso" or ".vsnap")
                .Order(StringComparer.Ordinal),
        ];
        string[] designs = folder.Length == 0 ? [] : ["--designs", "anon-vma-chain,reflink"];
        string path = browser.Report([.. files, .. designs]);
        Assert.True(folder.Length > 0 || new FileInfo(path).Length < 3 << 20, "too large for a mail");
        await using OpenPage open = await browser.Open(path);
        await open.Page.EvaluateAsync("verso.drawAll()");
        int charts = await open.Page.Locator("figure .chart").CountAsync();
        Assert.True(charts >= 5 * files.Length, $"{charts} charts of {files.Length} files");
        Assert.Equal(charts, await open.Page.Locator("figure .chart").Locator("css=svg, canvas").CountAsync());
        Assert.Empty(open.Complaints);
        Assert.Empty(open.Requests);
        Assert.Equal(0, await open.Page.EvaluateAsync<int>(
            "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.length - new Set(ids).size; })()"));
        Assert.Empty(await open.Page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))"));
    }

    /// <summary>What is drawn is what verso compare -j says, of a recording, of a scenario, and of that document itself.</summary>
    [Theory]
    [InlineData(Redis, false)]
    [InlineData("../scenarios/fork/reuse-one-child.txt", false)]
    [InlineData(Redis, true)]
    public async Task NumbersAreThoseOfCompare(string input, bool ofResults)
    {
        string[] names = ["anon-vma-chain", "pte-chain", "reflink"];
        string path = Path.Combine(browser.Folder, "three.html");
        string results = Path.Combine(browser.Folder, "three.json");
        Browser.Require();
        string printed = Browser.Run("compare", Example(input), "--designs", string.Join(',', names), "-j");
        await File.WriteAllTextAsync(results, printed, TestContext.Current.CancellationToken);
        _ = Browser.Run(
            ["report", "-o", path, .. ofResults ? [results] : (string[])[Example(input), "--designs", string.Join(',', names)]]);
        using JsonDocument compared = JsonDocument.Parse(printed);
        await using OpenPage open = await browser.Open(path);
        await open.Page.EvaluateAsync("verso.drawAll()");
        Assert.Empty(open.Complaints);
        JsonElement walks = (await open.Page.EvaluateAsync(
            "verso.drawings.get('walks-useful').drawn.getOption().series.map(s => ({name: s.name, data: s.data}))"))!.Value;
        JsonElement locks = (await open.Page.EvaluateAsync(
            "verso.drawings.get('locks-taken').drawn.getOption().series.map(s => ({name: s.name, data: s.data}))"))!.Value;
        int at = 0;
        foreach (JsonElement design in compared.RootElement.GetProperty("traces")[0].GetProperty("designs").EnumerateArray())
        {
            Assert.Equal(names[at], design.GetProperty("name").GetString());
            JsonElement walked = design.GetProperty("walks");
            Assert.Equal(walked.GetProperty("useful").GetInt64(), Drawn(walks, "mapped the page", at));
            Assert.Equal(walked.GetProperty("visited").GetInt64(), Drawn(walks, "visited", at));
            foreach (JsonProperty taken in design.GetProperty("locks").EnumerateObject())
            {
                Assert.Equal(taken.Value.GetInt64(), Drawn(locks, taken.Name, at) ?? 0);
            }

            if (ofResults)
            {
                at++;
                continue;
            }

            long[] vmas = await open.Page.EvaluateAsync<long[]>(
                "name => verso.report.sections.flatMap(s => s.blocks).find(b => b.id === 'all-vmas-over-time').choices[0]"
                + ".rows.map(r => r[2 + ['anon-vma-chain', 'pte-chain', 'reflink'].indexOf(name)])", names[at]);
            Assert.InRange(vmas.Max(), 1, design.GetProperty("vmasPeak").GetInt64());
            at++;
        }

        Assert.Equal(names.Length, at);
        if (!ofResults)
        {
            // Of each box its name, of each link its end: as the table has them, in a design without a single anon_vma.
            Assert.True(await open.Page.EvaluateAsync<bool>(
                "(() => { const d = verso.drawings.get('graph-designs-boxes') || verso.drawings.get('graph-designs-matrix'); "
                + "const boxes = d.chart.choices.find(t => t.title === 'reflink'); d.state.choice = d.chart.choices.indexOf(boxes); d.draw(); "
                + "const series = d.drawn.getOption().series; if (d.chart.kind === 'matrix') "
                + "return series.reduce((sum, s) => sum + s.data.length, 0) === boxes.rows.length; "
                + "return series[0].data.map(n => n.name).join() === boxes.rows.map(r => r[0]).join() "
                + "&& series[0].links.map(l => l.target).join(' ') === boxes.rows.map(r => r[4]).filter(t => t).join(' '); })()"));
        }
    }

    [Fact]
    public async Task KeysReachAllOfIt()
    {
        await using OpenPage open = await browser.Open(browser.Report(Example(Redis)));
        IPage page = open.Page;
        await page.EvaluateAsync("verso.drawAll()");
        HashSet<string> reached = [];
        for (int presses = 0; presses < 400; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            string? at = await page.EvaluateAsync<string?>(
                "document.activeElement === document.body ? null : (document.activeElement.closest('figure, section, nav') || {}).id || 'nav'");
            if (at is null)
            {
                break;
            }

            _ = reached.Add(at);
        }

        Assert.Contains("nav", reached);
        string[] figures = await page.EvaluateAsync<string[]>("[...document.querySelectorAll('figure')].map(f => f.id)");
        Assert.All(figures, figure => Assert.Contains(figure, reached));

        await page.Locator("#space-strip .chart").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        string first = await page.Locator("#space-strip output").InnerTextAsync();
        await page.Keyboard.PressAsync("End");
        string last = await page.Locator("#space-strip output").InnerTextAsync();
        Assert.Contains("sections", first, StringComparison.Ordinal);
        Assert.NotEqual(first, last);

        await page.Locator("#space-strip summary").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#space-strip details table tbody tr").First).ToBeVisibleAsync();
        await page.Locator("#rmap-by-type select").FocusAsync();
        string before = await page.EvaluateAsync<string>("verso.drawings.get('rmap-by-type').table.title");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.NotEqual(before, await page.EvaluateAsync<string>("verso.drawings.get('rmap-by-type').table.title"));
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task AClickTellsWhatIsToBeDone()
    {
        await using OpenPage open = await browser.Open(browser.Report(Example("regions-random.verso")));
        await open.Page.EvaluateAsync("verso.drawAll()");
        await open.Page.Locator("#space-strip .chart").ScrollIntoViewIfNeededAsync();
        int at = await open.Page.EvaluateAsync<int>(
            "verso.drawings.get('space-strip').table.rows.findIndex(row => row[3] === 'anon-vma')");
        int[] pixel = await open.Page.EvaluateAsync<int[]>(
            "at => { const d = verso.drawings.get('space-strip').drawn; const v = d.getOption().series[0].data[at].value; "
            + "return d.convertToPixel({ seriesIndex: 0 }, [v[0], v[1]]).map(Math.round); }", at);
        await open.Page.Locator("#space-strip .chart").ClickAsync(new() { Position = new() { X = pixel[0], Y = pixel[1] } });
        string said = await open.Page.Locator("#space-strip output").InnerTextAsync();
        Assert.Contains("anon-vma", said, StringComparison.Ordinal);
        Assert.Contains("To do: ", said, StringComparison.Ordinal);
    }

    /// <summary>What axe looks for depends on the width or on the colours, never on both: half of the pairs is all.</summary>
    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(400, ColorScheme.Light)]
    public async Task FitsAndCanBeRead(int width, ColorScheme scheme)
    {
        await using OpenPage open = await browser.Open(
            browser.Report(Example(Redis), "--designs", "anon-vma-chain,reflink"),
            new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme });
        await open.Page.EvaluateAsync("verso.drawAll()");
        Assert.True(await open.Page.EvaluateAsync<bool>(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"));
        string ground = await open.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(scheme == ColorScheme.Dark ? "rgb(20, 23, 26)" : "rgb(255, 255, 255)", ground);
        AxeResult found = await open.Page.RunAxe();
        Assert.Empty(found.Violations.Select(each =>
            $"{each.Id}: {each.Help}: {string.Join(' ', each.Nodes.Take(3).Select(node => node.Html))}"));
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task DrawsAnewInTheDark()
    {
        await using OpenPage open = await browser.Open(browser.Report(Example(Redis)));
        await open.Page.EvaluateAsync("verso.drawAll()");
        await open.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await open.Until("[...verso.drawings.values()].every(d => d.wasDark)");
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task PrintsWithoutControls()
    {
        await using OpenPage open = await browser.Open(browser.Report(Example(Redis)));
        await open.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(open.Page.Locator("nav")).ToBeHiddenAsync();
        await Assertions.Expect(open.Page.Locator(".controls").First).ToBeHiddenAsync();
        byte[] pdf = await open.Page.PdfAsync(new() { Format = "A4" });
        Assert.True(pdf.Length > 100_000);
        Assert.Equal(0, await open.Page.EvaluateAsync<int>("[...verso.drawings.values()].filter(d => !d.drawn).length"));
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task WithoutAScriptThereAreTables()
    {
        await using OpenPage open = await browser.Open(browser.Report(Example(Redis)), new() { JavaScriptEnabled = false });
        await Assertions.Expect(open.Page.Locator("#summary-table tbody tr")).ToHaveCountAsync(14);
        await Assertions.Expect(open.Page.Locator("#all-vmas-over-time noscript table")).ToBeVisibleAsync();
    }

    private static string Example(string name) => Path.Combine(_examples, name);

    private static string FindExamples([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../examples"));

    /// <summary>The number of a design in a series of bars; null where none is drawn.</summary>
    private static long? Drawn(JsonElement series, string name, int design)
    {
        foreach (JsonElement each in series.EnumerateArray())
        {
            if (each.GetProperty("name").GetString() == name)
            {
                JsonElement number = each.GetProperty("data")[design];
                return number.ValueKind == JsonValueKind.Null ? null : number.GetInt64();
            }
        }

        return null;
    }
}
