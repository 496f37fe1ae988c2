using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.Tests;

/// <summary>What the outside sees of a service: the lines of its log, the tags of its metrics, and its traces, if the test asks for these.</summary>
internal sealed class Overheard : ILoggerProvider, ILogger
{
    private readonly ConcurrentDictionary<string, bool> _lines = new();
    private readonly ActivityListener? _traces;
    private readonly MeterListener _metrics;

    public Overheard(bool traces = true)
    {
        if (traces)
        {
            _traces = new()
            {
                ShouldListenTo = _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity => Add($"{activity.DisplayName} {string.Join(' ', activity.TagObjects)}"),
            };
            ActivitySource.AddActivityListener(_traces);
        }

        _metrics = new() { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        _metrics.SetMeasurementEventCallback<double>((_, _, tags, _) => Add(tags));
        _metrics.SetMeasurementEventCallback<long>((_, _, tags, _) => Add(tags));
        _metrics.SetMeasurementEventCallback<int>((_, _, tags, _) => Add(tags));
        _metrics.Start();
    }

    /// <summary>Each line once.</summary>
    public IEnumerable<string> Lines => _lines.Keys;

    /// <summary>What was logged as an error, or worse.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        Add($"{state}");
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{formatter(state, exception)} {exception}";
        Add(line);
        if (logLevel >= LogLevel.Error) Errors.Enqueue(line);
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics.Dispose();
    }

    private void Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length > 0) Add(string.Join(' ', tags.ToArray()));
    }

    private void Add(string line) => _lines.TryAdd(line, true);
}
