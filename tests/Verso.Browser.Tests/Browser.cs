using System.Diagnostics;
using Microsoft.Playwright;

namespace Verso.Browser.Tests;

/// <summary>Debian's Chromium, driven: one for all tests, a fresh profile for each page.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-browser-tests-").FullName;
    private readonly Dictionary<string, string> _made = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where reports are.</summary>
    internal string Folder => _folder;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program))
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A report of files, made by the program as people do; one that was made before is taken again.</summary>
    /// <returns>Its path.</returns>
    internal string Report(params string[] files)
    {
        Require();
        string key = string.Join(' ', files);
        if (!_made.TryGetValue(key, out string? path))
        {
            path = Path.Combine(_folder, $"report-{_made.Count}.html");
            _ = Run(["report", .. files, "-o", path]);
            _made[key] = path;
        }

        return path;
    }

    internal static void Require() =>
        Assert.SkipUnless(File.Exists(Program), "chromium is missing: apt install chromium");

    /// <summary>Runs verso to its end, and gives what it printed.</summary>
    internal static string Run(params string[] arguments)
    {
        string program = Environment.GetEnvironmentVariable("VERSO_PROGRAM") ?? Path.Combine(AppContext.BaseDirectory, "verso");
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }

    /// <summary>Opens a report, and watches what it says and asks for.</summary>
    internal async Task<OpenPage> Open(string path, BrowserNewContextOptions? options = null)
    {
        OpenPage open = await NewPage(options ?? new());
        await open.GoTo(path, options?.JavaScriptEnabled != false);
        return open;
    }

    private async Task<OpenPage> NewPage(BrowserNewContextOptions options)
    {
        IBrowserContext context = await _browser!.NewContextAsync(options);
        return new OpenPage(context, await context.NewPageAsync());
    }
}

/// <summary>A page with what it complained of and what it asked for.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];

    internal OpenPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) => _complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => _complaints.Add(error);
        page.Request += (_, request) => _requests.Add(request.Url);
    }

    internal IPage Page { get; }

    internal async Task GoTo(string path, bool hasScript)
    {
        await Page.GotoAsync("file://" + path);
        if (hasScript)
        {
            await Until("document.documentElement.dataset.ready === 'true'");
        }
    }

    /// <summary>What it wrote to its console, errors that nobody caught among it.</summary>
    internal IReadOnlyList<string> Complaints => _complaints;

    /// <summary>What it asked for besides itself.</summary>
    internal IEnumerable<string> Requests => _requests.Where(
        url => url != Page.Url.Split('#')[0] && !url.StartsWith("data:", StringComparison.Ordinal));

    /// <summary>Looks until something holds. What Playwright has for that is refused by the page's own policy.</summary>
    internal async Task Until(string expression)
    {
        for (int looks = 0; !await Page.EvaluateAsync<bool>(expression); looks++)
        {
            Assert.True(looks < 600, $"never: {expression}");
            await Page.WaitForTimeoutAsync(50);
        }
    }

    public async ValueTask DisposeAsync() => await _context.CloseAsync();
}
