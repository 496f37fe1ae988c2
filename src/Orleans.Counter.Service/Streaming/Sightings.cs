using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>What one reader of a partition leaves to the next: every id that it looked up, so that the next one need not read it in the log.</summary>
internal sealed partial class Sightings(
    ISightingStore store, LogIdentity log, IOptions<StreamingOptions> options, StreamingInstruments instruments, TimeProvider clock, ILogger<Sightings> logger,
    TaskScheduler? background = null)
{
    private const int ReadsAtOnce = 16;

    // Off the caller's turns: millions of sightings take a second to be put into sets.
    private readonly TaskScheduler _background = background ?? TaskScheduler.Default;

    /// <summary>Begins to write down what a reader of the partition sees.</summary>
    public SightingRecorder Record(int partition) => new(
        new(partition, log), new(partition, store, options.Value.SightingsWaitingBytesMax, instruments, logger), options.Value.WriteSightingsEvery, clock);

    /// <summary>What was known somewhere at or before the place that all shards have stored, as far on as possible. Null if the log has to be read: the log line says why.</summary>
    /// <remarks>
    /// Never beyond that place. A message after it is judged now, and what stands in it would look as if it had been seen before.
    /// Whatever is missing or damaged shortens the log that need not be read, and never changes a verdict.
    /// </remarks>
    public async Task<SightingsKnown?> Load(int partition, Stored stored, CancellationToken cancellationToken)
    {
        try
        {
            var kept = await store.List(partition, cancellationToken);
            var usable = kept.Where(stretch => stretch.After.Era == log.Era && stretch.Through.Era == log.Era && stretch.Through <= stored.Position).ToHashSet();
            return await Run(() => Load(partition, stored, usable, cancellationToken), cancellationToken).Unwrap();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotLoaded(exception, partition, exception.Message);
            instruments.ReadsBack();
            return null;
        }
    }

    private async Task<SightingsKnown?> Load(int partition, Stored stored, HashSet<SightingStretch> usable, CancellationToken cancellationToken)
    {
        var read = new ConcurrentDictionary<SightingStretch, SightingDelta?>();
        while (true)
        {
            if (SightingPlan.Find(usable, oldest: Generations.Of(stored.EnqueuedTime) - 1, out var because) is not { } plan)
            {
                LogNotLoaded(null, partition, because);
                instruments.ReadsBack();
                return null;
            }

            SightingStretch[] wanted = [.. plan.Own, .. plan.Before];
            var reading = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken, TaskScheduler = _background };
            await Parallel.ForEachAsync(wanted.Where(stretch => !read.ContainsKey(stretch)), reading, async (stretch, token) => read[stretch] = await Read(partition, stretch, token));
            if (usable.RemoveWhere(stretch => read.TryGetValue(stretch, out var delta) && delta is null) > 0) continue; // Perhaps others cover what these did.

            var sets = await Task.WhenAll(new[] { plan.Own, plan.Before }.Select(chain => Run(() => SetOf(chain.Select(stretch => read[stretch]!)), cancellationToken)));
            var count = wanted.Sum(stretch => (long)read[stretch]!.Ids.Length);
            instruments.SightingsLoaded(count);
            LogLoaded(partition, count, wanted.Length, plan.Through.SequenceNumber, stored.Position.SequenceNumber);
            return new(plan.Generation, plan.Through.SequenceNumber, Own: sets[0], Before: sets[1]);
        }
    }

    private Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, _background);

    private static IdSet SetOf(IEnumerable<SightingDelta> deltas)
    {
        var set = new IdSet(deltas.Sum(delta => delta.Ids.Length));
        foreach (var delta in deltas)
            foreach (var id in delta.Ids.Span) set.Add(id);
        return set;
    }

    private async ValueTask<SightingDelta?> Read(int partition, SightingStretch stretch, CancellationToken cancellationToken)
    {
        try
        {
            var delta = await store.Read(stretch, cancellationToken);
            if (delta is null) LogUnusable(partition, $"{stretch.Name} was deleted meanwhile.");
            else if (delta.HubCreatedAt == log.HubCreatedAt) return delta;
            else LogUnusable(partition, $"{stretch.Name} is of a hub that was created at {delta.HubCreatedAt:O}, and this one at {log.HubCreatedAt:O}.");
        }
        catch (InvalidDataException damaged)
        {
            LogUnusable(partition, damaged.Message);
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition}: {Sightings} sightings of {Blobs} blobs loaded, up to message {Through}; all shards have stored message {Stored}.")]
    private partial void LogLoaded(int partition, long sightings, int blobs, long through, long stored);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition}: no sightings can be used ({Reason}); two generations of the log are read instead.")]
    private partial void LogNotLoaded(Exception? exception, int partition, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition}: sightings that cannot be used: {Reason}")]
    private partial void LogUnusable(int partition, string reason);
}

/// <summary>All that a reader has to know at a place in the log to go on from there.</summary>
/// <param name="Generation">The generation that the log has reached.</param>
/// <param name="Through">The last message that is known.</param>
/// <param name="Own">What was seen in the generation so far.</param>
/// <param name="Before">What was seen in the generation before it.</param>
internal sealed record SightingsKnown(long Generation, long Through, IdSet Own, IdSet Before);

/// <summary>What all shards of a partition have stored.</summary>
/// <param name="Position">The least of their checkpoints.</param>
/// <param name="EnqueuedTime">The earliest time of them.</param>
internal readonly record struct Stored(Position Position, DateTimeOffset EnqueuedTime)
{
    /// <summary>Null if some shard has stored nothing.</summary>
    public static Stored? ByAll(IReadOnlyCollection<ShardRow?> checkpoints) => checkpoints.Any(row => row is null || row.Position.SequenceNumber < 0)
        ? null
        : new(checkpoints.Min(row => row!.Position), checkpoints.Min(row => row!.EnqueuedTime));
}
