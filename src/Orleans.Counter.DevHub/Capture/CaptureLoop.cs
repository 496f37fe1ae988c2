using System.Collections.Concurrent;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev.Capture;

/// <summary>Captures all partitions, one file after another: memory is for one.</summary>
internal sealed class CaptureLoop
{
    private static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    private readonly List<PartitionCapture> _partitions;
    private readonly TimeProvider _time;
    private readonly Action<string> _report;
    private readonly Alarm _alarm;
    private readonly ConcurrentDictionary<string, string> _troubles = new();

    /// <exception cref="InvalidDataException">What was captured is unknown.</exception>
    public CaptureLoop(IEnumerable<Hub> hubs, CaptureSettings settings, IArchive archive, Action<string> report)
    {
        (_time, _report, _alarm) = (settings.Time, report, new Alarm(settings.Time));
        _partitions =
        [
            .. from hub in hubs
               from partition in Enumerable.Range(0, hub.Partitions.Count)
               select new PartitionCapture(hub.Name, partition, hub.Partitions[partition], settings, archive, report),
        ];
    }

    /// <summary>Which partitions wait, and what for; without any all is well.</summary>
    public IReadOnlyList<string> Troubles => [.. _troubles.Select(one => $"{one.Key}: {one.Value}").Order(StringComparer.Ordinal)];

    /// <exception cref="OperationCanceledException"/>
    public async Task Run(CancellationToken cancellationToken)
    {
        foreach (var partition in _partitions)
            partition.Log.Appended += () => WakeIfFull(partition);
        var retry = RetryMin;
        while (true)
        {
            foreach (var partition in _partitions)
                await Write(partition, cancellationToken).ConfigureAwait(false);

            if (_troubles.IsEmpty)
            {
                retry = RetryMin;
                var due = _partitions.Min(partition => partition.Due);
                await _alarm.Sleep(due > TimeSpan.Zero ? due : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // Not to be woken by events: they would ask an account that is away again and again.
            await Task.Delay(retry, _time, cancellationToken).ConfigureAwait(false);
            retry = retry * 2 < RetryMax ? retry * 2 : RetryMax;
        }
    }

    private void WakeIfFull(PartitionCapture partition)
    {
        if (partition.IsFull)
            _alarm.Wake();
    }

    private async Task Write(PartitionCapture partition, CancellationToken cancellationToken)
    {
        try
        {
            while (await partition.WriteNext(cancellationToken).ConfigureAwait(false))
            {
            }

            if (_troubles.TryRemove(partition.Name, out _))
                _report($"Capture of {partition.Name} goes on.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Storage that is away, a disk, a damaged log: the hub goes on, and so do the other partitions.
            var cause = (e.InnerException ?? e).Message.Split('\n')[0].Trim();
            if (_troubles.TryAdd(partition.Name, cause))
                _report($"Capture of {partition.Name} waits, and tries again: {cause}");
        }
    }
}
