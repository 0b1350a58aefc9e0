namespace Verso.Browser.Tests;

/// <summary>
/// The pictures of README.md: what reports of two examples show. scripts/readme-pictures makes them anew, with
/// VERSO_UPDATE_PICTURES; without it they are only looked for.
/// </summary>
public sealed class ReadmePictureTests(Browser browser) : IClassFixture<Browser>
{
    private const string Folder = "docs/pictures";

    [Theory]
    [InlineData("rmap-over-time", "examples/redis-bgsave.verso", "anon-vma-chain,pte-chain,anonmm,cow-context", "")]
    [InlineData("space-strip", "examples/regions-random.verso", "anon-vma-chain,matena-merging", "ArrowRight")]
    public async Task IsWhatTheReportShows(string figure, string example, string designs, string key)
    {
        string path = Path.Combine(Root(), Folder, figure + ".png");
        bool updates = Environment.GetEnvironmentVariable("VERSO_UPDATE_PICTURES") is not null;
        await using OpenPage open = await browser.Open(
            browser.Report(Path.Combine(Root(), example), "--designs", designs),
            new() { ViewportSize = new() { Width = 860, Height = 900 } });
        await open.Page.EvaluateAsync("verso.drawAll()");
        if (key.Length > 0)
        {
            await open.Page.Locator($"#{figure} .chart").FocusAsync();
            await open.Page.Keyboard.PressAsync(key);
        }

        byte[] made = await open.Page.Locator($"#{figure}").ScreenshotAsync();
        Assert.InRange(made.Length, 5_000, 200_000);
        if (updates)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, made, TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(path), $"{path}: run scripts/readme-pictures");
        string readme = await File.ReadAllTextAsync(Path.Combine(Root(), "README.md"), TestContext.Current.CancellationToken);
        Assert.Contains($"({Folder}/{figure}.png)", readme, StringComparison.Ordinal);
        Assert.Contains(example, readme, StringComparison.Ordinal);
    }

    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
