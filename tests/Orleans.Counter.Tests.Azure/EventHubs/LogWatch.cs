using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests.Azure.EventHubs;

/// <summary>Lets a test wait for something that only the log tells.</summary>
internal sealed class LogWatch : ILogger<AmqpEventHub>
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _said = new();
    private readonly HubUnderTest.TestOutput _output = new();

    /// <summary>Completes when an event with this id has been logged, also if it was before.</summary>
    public Task Says(int id) => Seen(id).Task.WaitAsync(Events.Token);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _output.Log(logLevel, eventId, state, exception, formatter);
        Seen(eventId.Id).TrySetResult();
    }

    private TaskCompletionSource Seen(int id) => _said.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
