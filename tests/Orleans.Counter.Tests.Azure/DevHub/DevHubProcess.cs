using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>The endpoint as a process of its own.</summary>
internal sealed partial class DevHubProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private DevHubProcess(Process process) => (_process, _errors) = (process, process.StandardError.ReadToEndAsync());

    /// <summary>The line that it printed when it served; empty if it ended before.</summary>
    public string Ready { get; private set; } = "";

    /// <summary>What clients connect with.</summary>
    public string ConnectionString => Ready["ready ".Length..];

    public int Port => int.Parse(PortPattern().Match(Ready).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>How much memory it has now.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static Task<DevHubProcess> Start(string data, params string[] arguments) => StartAt(port: 0, data, arguments);

    public static Task<DevHubProcess> StartAt(int port, string data, params string[] arguments) =>
        StartProgram("dotnet", [Path.Combine(AppContext.BaseDirectory, "Orleans.Counter.DevHub.dll"), "--port", $"{port}", "--data", data, .. arguments]);

    public static async Task<DevHubProcess> StartProgram(string program, params string[] arguments)
    {
        var process = new DevHubProcess(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!);
        process.Ready = await process._process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? "";
        return process;
    }

    /// <summary>Ends it as a crash would: nothing is told to it.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Asks it to end.</summary>
    /// <returns>Its exit code, and what else it printed.</returns>
    public async Task<(int ExitCode, string Output, string Errors)> Terminate()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        return await Ended();
    }

    public async Task<(int ExitCode, string Output, string Errors)> Ended()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return (_process.ExitCode, await _process.StandardOutput.ReadToEndAsync(), await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
    }

    [GeneratedRegex(@"^ready Endpoint=sb://localhost:(\d+);")]
    private static partial Regex PortPattern();
}
