namespace Verso.Browser.Tests;

/// <summary>verso step --html and quiz --html in a browser.</summary>
public sealed class StepPageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task KeysGoWhereTheyGoOnATerminal()
    {
        string path = Page("step.html", "step", Scenario("merge/forked-target.txt"));
        await using OpenPage open = await browser.Open(path);
        Assert.Equal("step-1", await Shown(open));
        (string, string)[] presses =
        [
            ("ArrowRight", "step-2"), ("f", "step-3"), ("Home", "step-1"), ("4 Enter", "step-4"), ("F", "step-3"), ("End", "step-6"),
            ("p", "step-5"),
        ];
        foreach ((string keys, string shown) in presses)
        {
            foreach (string key in keys.Split(' '))
            {
                await open.Page.Keyboard.PressAsync(key);
            }

            Assert.Equal(shown, await Shown(open));
        }

        await open.Page.Keyboard.PressAsync("9");
        await open.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("there is no step 9 here", await open.Page.Locator("output").InnerTextAsync());
        await open.Page.EmulateMediaAsync(new() { Media = Microsoft.Playwright.Media.Print });
        Assert.Empty(open.Complaints);
        Assert.Empty(open.Requests);
    }

    /// <summary>A lecturer prints it, or has no script: all steps are there.</summary>
    [Fact]
    public async Task WithoutAScriptAllStepsAreThere()
    {
        string path = Page("steps.html", "step", Scenario("fork/reuse-one-child.txt"), "--design", "anon-vma-chain,reflink");
        await using OpenPage open = await browser.Open(path, new() { JavaScriptEnabled = false });
        int steps = await open.Page.Locator("section").CountAsync();
        Assert.True(steps > 3);
        Assert.Equal(steps, await open.Page.Locator("section:visible").CountAsync());
    }

    [Fact]
    public async Task AnswersAreHiddenUntilTheyAreAskedFor()
    {
        string path = Page("sheet.html", "quiz", "--seed", "7", "--count", "3");
        await using OpenPage open = await browser.Open(path, new() { JavaScriptEnabled = false });
        Assert.Equal(3, await open.Page.Locator("section").CountAsync());
        Assert.Equal(0, await open.Page.Locator("details p:visible").CountAsync());
        await open.Page.Locator("summary").First.ClickAsync();
        string answer = await open.Page.Locator("details p:visible").InnerTextAsync();
        string solved = Browser.Run("quiz", "--seed", "7", "--solve");
        string told = solved[(solved.IndexOf("Answer: ", StringComparison.Ordinal) + "Answer: ".Length)..].Split('\n')[0];
        Assert.StartsWith(told + ".", answer, StringComparison.Ordinal);
        Assert.Empty(open.Requests);
    }

    private string Page(string name, params string[] command)
    {
        Browser.Require();
        string path = Path.Combine(browser.Folder, name);
        _ = Browser.Run([.. command, "--html", path]);
        return path;
    }

    private static async Task<string> Shown(OpenPage open) => await open.Page.EvaluateAsync<string>(
        "[...document.querySelectorAll('section')].filter(section => !section.hidden).map(section => section.id).join()");

    private static string Scenario(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../scenarios", name));
}
