using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>What the silo's meters say, its runtime's included, heard through its diagnostic port (EventPipe) twice a second.</summary>
internal sealed class SiloCounters : IDisposable
{
    private const string Source = "System.Diagnostics.Metrics";
    private const long TimeSeriesValues = 0x2;
    private static readonly string[] Meters =
        ["System.Runtime", "Orleans.Counter.Ingest", "Orleans.Counter.Streaming", "Orleans.Counter.Counting", "Orleans.Counter.Storage"];

    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Thread _reading;
    private readonly ConcurrentDictionary<(string Instrument, string Tags), double> _values = new();
    private TaskCompletionSource _begun = NewSignal();
    private TaskCompletionSource _collected = NewSignal();

    private SiloCounters(EventPipeSession session)
    {
        _session = session;
        _source = new(session.EventStream);
        _source.Dynamic.All += Heard;
        _reading = new(Listen) { IsBackground = true };
        _reading.Start();
    }

    public static SiloCounters Listen(int pid)
    {
        var arguments = new Dictionary<string, string>
        {
            ["SessionId"] = Guid.NewGuid().ToString(),
            ["Metrics"] = string.Join(',', Meters),
            ["RefreshInterval"] = "0.5",
            ["MaxTimeSeries"] = "1000",
            ["MaxHistograms"] = "20",
        };
        return new(new DiagnosticsClient(pid).StartEventPipeSession([new EventPipeProvider(Source, EventLevel.Informational, TimeSeriesValues, arguments)], requestRundown: false));
    }

    /// <summary>What stands on the counters at a moment after this call, at most a second later.</summary>
    public async Task<CounterReading> Read(CancellationToken cancellationToken)
    {
        await Volatile.Read(ref _begun).Task.WaitAsync(cancellationToken);
        await Volatile.Read(ref _collected).Task.WaitAsync(cancellationToken);
        return new(_values.GroupBy(value => value.Key.Instrument, value => value.Value).ToDictionary(group => group.Key, group => group.Sum()));
    }

    public void Dispose()
    {
        if (_reading.IsAlive) _session.Stop(); // A silo that has died cannot be asked to.
        _reading.Join(TimeSpan.FromSeconds(5));
        _source.Dispose();
        _session.Dispose();
    }

    private void Listen()
    {
        var why = "its stream ended";
        try
        {
            _source.Process();
        }
        catch (Exception failure)
        {
            why = failure.Message; // On a thread of our own: told to whoever reads next.
        }

        foreach (var signal in (TaskCompletionSource[])[Volatile.Read(ref _begun), Volatile.Read(ref _collected)])
            signal.TrySetException(new BenchmarkFailedException($"The silo's meters fell silent: {why}"));
    }

    private void Heard(TraceEvent heard)
    {
        switch (heard.EventName)
        {
            case "Collection/Start":
                Interlocked.Exchange(ref _begun, NewSignal()).SetResult();
                break;
            case "Collection/Stop":
                Interlocked.Exchange(ref _collected, NewSignal()).SetResult();
                break;
            case "CounterRateValuePublished" or "UpDownCounterRateValuePublished":
                _values[((string)heard.PayloadByName("instrumentName"), (string)heard.PayloadByName("tags"))] =
                    double.Parse((string)heard.PayloadByName("value"), CultureInfo.InvariantCulture);
                break;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>What the meters of all silos say, added up.</summary>
internal sealed class ClusterCounters : IDisposable
{
    private readonly IReadOnlyList<SiloCounters> _silos;

    private ClusterCounters(IReadOnlyList<SiloCounters> silos) => _silos = silos;

    public static ClusterCounters Listen(IEnumerable<int> pids) => new([.. pids.Select(SiloCounters.Listen)]);

    /// <summary>What stands on the counters at a moment after this call, at most a second later.</summary>
    public async Task<CounterReading> Read(CancellationToken cancellationToken)
    {
        var readings = await Task.WhenAll(_silos.Select(silo => silo.Read(cancellationToken)));
        return new(readings.SelectMany(reading => reading.Values).GroupBy(value => value.Key, value => value.Value).ToDictionary(group => group.Key, group => group.Sum()));
    }

    public void Dispose()
    {
        foreach (var silo in _silos) silo.Dispose();
    }
}

/// <summary>Sums over all tags, by instrument.</summary>
internal sealed record CounterReading(IReadOnlyDictionary<string, double> Values)
{
    public double this[string instrument] => Values.GetValueOrDefault(instrument);

    public double Since(CounterReading before, string instrument) => this[instrument] - before[instrument];
}
