using Microsoft.Extensions.Logging;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>Lets a test wait until a store has waited.</summary>
internal sealed class PatienceLog : ILogger<Patience>
{
    private readonly Lock _lock = new();
    private readonly List<(int Attempt, TaskCompletionSource Seen)> _watched = [];

    /// <summary>Completes when somebody, from now on, has failed this many times in a row.</summary>
    public Task Attempt(int number)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _watched.Add((number, seen));
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (state is not IEnumerable<KeyValuePair<string, object?>> fields) return;
        if (fields.FirstOrDefault(field => field.Key == "Attempt").Value is not int attempt) return;
        lock (_lock)
            foreach (var (number, seen) in _watched)
                if (attempt >= number) seen.TrySetResult();
    }
}
