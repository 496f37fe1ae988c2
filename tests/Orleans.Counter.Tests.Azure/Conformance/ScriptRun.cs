using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Tests.Azure.Conformance;

/// <summary>One run of a script that says what a client library saw: a line of JSON for each of its sentences.</summary>
/// <remarks>A sentence in the script stands at the beginning of a line, as the first argument of <c>test</c>.</remarks>
internal sealed partial class ScriptRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Verdict>> _verdicts = new();
    private readonly ConcurrentQueue<string> _said = new();
    private readonly Process _process;
    private readonly Task _output;

    private ScriptRun(Process process, IEnumerable<string> sentences)
    {
        _process = process;
        foreach (var sentence in sentences)
            _verdicts[sentence] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _output = Read();
    }

    /// <summary>What the script has sentences about, in their order.</summary>
    public static IReadOnlyList<string> Sentences(string script) => [.. SentencePattern().Matches(File.ReadAllText(script)).Select(match => match.Groups[1].Value)];

    public static ScriptRun Start(string program, IEnumerable<string> arguments, string script, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!, Sentences(script));
    }

    public static string FileNamed(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Conformance", .. parts]);

    /// <summary>Waits for what the script has to say, and throws it if it is not that all is well.</summary>
    public async Task Holds(string sentence)
    {
        var verdict = await _verdicts[sentence].Task.WaitAsync(Patience);
        if (!verdict.Ok)
            throw new ScriptFailedException(verdict.Error ?? "The script said nothing more.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _output;
        _process.Dispose();
    }

    private async Task Read()
    {
        var errors = ReadErrors();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith('{') && JsonSerializer.Deserialize<Verdict>(line, JsonSerializerOptions.Web) is { } verdict)
                _verdicts[verdict.Name].TrySetResult(verdict);
            else
                _said.Enqueue(line);
        }

        await errors;
        var silent = new Verdict("", false, $"The script ended before. It said:\n{string.Join('\n', _said)}");
        foreach (var waiting in _verdicts.Values)
            waiting.TrySetResult(silent);
    }

    private async Task ReadErrors()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            _said.Enqueue(line);
    }

    [GeneratedRegex("""^test\("([^"]+)",""", RegexOptions.Multiline)]
    private static partial Regex SentencePattern();

    private sealed record Verdict(string Name, bool Ok, string? Error);
}

/// <summary>What the client library saw was not what its users are promised. The message is the script's.</summary>
internal sealed class ScriptFailedException(string message) : Exception(message);
