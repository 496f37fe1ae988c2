using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Playwright;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Page;

/// <summary>A browser without a window: the Chromium or Chrome of this machine, or one that is installed now.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "google-chrome", "chromium-browser"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var program = Find() ?? await Install();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] }); // it may be root who tests, and every page is ours
    }

    /// <summary>Opens a page with cookies of its own.</summary>
    internal async Task<Opened> Open(Uri address)
    {
        var context = await _browser!.NewContextAsync(new() { TimezoneId = "Asia/Kathmandu", Locale = "de-DE" });
        var page = await context.NewPageAsync();
        var opened = new Opened(page);
        await page.GotoAsync(address.AbsoluteUri);
        return opened;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? Find() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
         from name in Names
         let program = Path.Combine(folder, name)
         where File.Exists(program)
         select program).FirstOrDefault();

    /// <returns>Where it is; null: where its installer has put it, and looks for it.</returns>
    private static async Task<string?> Install()
    {
        if (File.Exists("/usr/bin/apt-get") && Environment.IsPrivilegedProcess)
        {
            using var install = Process.Start("/bin/sh", ["-c", "apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium"]);
            await install.WaitForExitAsync();
            if (Find() is { } program) return program;
        }

        var code = Microsoft.Playwright.Program.Main(["install", "chromium"]);
        return code is 0 ? null : throw new InvalidOperationException("There is no Chromium or Chrome in the PATH, and none could be installed.");
    }
}

/// <summary>A page, and what it complained of.</summary>
internal sealed class Opened : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = [];

    public Opened(IPage page)
    {
        Page = page;
        page.Console += (_, message) => { if (message.Type is "error" or "warning") _complaints.Enqueue(message.Text); };
        page.PageError += (_, error) => _complaints.Enqueue(error);
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings in its console, such as of what its policy forbids.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}
