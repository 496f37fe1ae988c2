using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace Orleans.Counter.Counting;

// Ranges come one at a time. A checkpoint runs beside them: it stores what the videos hold then, which may be more than _counted says, and that does no harm,
// because a video skips by its own position. Going back means forgetting: an active subscription cannot rewind, so the activation ends, and the next one resumes after
// what is stored. Until it does, whatever this one still does is harmless, too: videos know their positions, and rows their versions.
// Leaving for another silo is going back to where it stands: it ends (by migration, because whoever knows an address would wake it up again where it was), and stores what
// came since its last checkpoint when no range can come any more; the next activation goes on there.
[GrainType("shard"), ShardPlacement, ImplicitStreamSubscription(StreamNames.Shards)]
internal sealed partial class ShardGrain(
    ICountStore store, LogIdentity log, ShardHomes homes, LocalShards awake, LogEnds ends, CountingGates gates, IOptions<CountingOptions> options, TimeProvider clock, CountingInstruments instruments, ILogger<ShardGrain> logger)
    : Grain, IShardGrain, IStreamSubscriptionObserver, IAsyncObserver<EventHubRange>
{
    private readonly Dictionary<VideoId, GivenVideo> _videos = [];
    private Position _counted;
    private DateTimeOffset _countedTime;
    private Ledger _countedLedger;
    private Position _stored;
    private Ledger _storedLedger;
    private RowVersion? _version;
    private ShardChannels? _channels;
    private ShardKnown? _known;
    private Task<long[]>? _beside;
    private IGrainTimer? _timer;
    private Task? _storing;
    private bool _goesBack;

    private Shard Shard => Shard.Parse(this.GetPrimaryKeyString());

    /// <summary>How many videos it remembers.</summary>
    public int VideosKept => _videos.Count;

    private ShardChannels Channels => _channels ??= new(Shard, store, GrainFactory, clock);

    public async ValueTask<Progress> Progress(CancellationToken cancellationToken)
    {
        if (_beside is null or { IsFaulted: true }) _beside = Task.WhenAll(store.SumCorrections(Shard, CancellationToken.None).AsTask(), store.SumImported(Shard, CancellationToken.None).AsTask());
        var beside = await _beside.WaitAsync(cancellationToken);
        return new(_counted, _stored, _countedLedger, _storedLedger, Repaired: beside[0], Imported: beside[1]);
    }

    public async ValueTask<Cell> ChannelTotal(string channelId, EventType type, CancellationToken cancellationToken) => await (await Channels.Of(channelId)).Total(type);

    public async ValueTask<IReadOnlyList<VideoId>> ChannelVideos(string channelId, CancellationToken cancellationToken) => await (await Channels.Of(channelId)).Videos;

    public async ValueTask<KnownNews> Known(long? seed, long changes, CancellationToken cancellationToken) =>
        await (_known ??= new(Shard, store, options.Value.KnownVideosBytesMax / Shard.Count, clock)).Ask(seed, changes).WaitAsync(cancellationToken);

    public ValueTask Forget(IReadOnlyList<string> channels, VideoId? video, Position through, CancellationToken cancellationToken)
    {
        if (video is { } changed)
        {
            Find(changed).Changed(through);
            _known?.Changed(changed);
        }

        Channels.Forget(channels);
        _beside = null;
        return ValueTask.CompletedTask;
    }

    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handles)
    {
        var row = await store.ReadShard(Shard, CancellationToken.None);
        _version = row?.Version;
        _stored = _counted = Position.Max(row?.Row.Position ?? Position.Start, log.StartOf(Shard));
        _storedLedger = _countedLedger = row?.Row.Ledger ?? default;
        _tops = new(await store.ReadTops(Shard, CancellationToken.None));
        _toldThrough = row?.Row.EnqueuedTime;
        _countedTime = row?.Row.EnqueuedTime ?? DateTimeOffset.UnixEpoch;
        var pace = options.Value.CheckpointEvery;
        awake.Woke(this.AsReference<IShardGrain>());
        _timer ??= this.RegisterGrainTimer(StoreAndMove, new() { DueTime = pace * (0.5 + (Random.Shared.NextDouble() / 2)), Period = pace, Interleave = true, KeepAlive = true });
        await handles.Create<EventHubRange>().ResumeAsync(this, new EventSequenceTokenV2(_counted.SequenceNumber));
    }

    /// <summary>Returning says: everything in the range can be seen. It is stored later; until then a crash brings it back.</summary>
    public async Task OnNextAsync(EventHubRange range, StreamSequenceToken? token = null)
    {
        Ledger added;
        try
        {
            if (Position.Of(log.Era, range.After) > _counted) throw new GoesBackException($"a range began after {range.After}, and {_counted} is the last that was counted");
            added = await Give(range);
        }
        catch (Exception exception)
        {
            GoBack(exception);
            throw;
        }

        var through = Position.Of(log.Era, range.Last);
        if (through <= _counted) return;
        Count(range);
        (_counted, _countedTime, _countedLedger) = (through, range.EnqueuedTime, _countedLedger + added);
        Moved();
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask; // With an infinite delivery time, nobody calls this.

    public async ValueTask Leave(CancellationToken cancellationToken) => await StoreAndMove(cancellationToken);

    /// <summary>No range comes any more: what has come since the last checkpoint is stored, and the next activation has nothing to hear again.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        try
        {
            if (_timer is null || _goesBack) return;
            if (_storing is not null) await _storing;
            await StoreWhatChanged(cancellationToken);
        }
        finally
        {
            awake.Gone(this.AsReference<IShardGrain>());
        }
    }

    /// <summary>Gives the videos what is new to the shard.</summary>
    /// <returns>What became of it.</returns>
    private async Task<Ledger> Give(EventHubRange range)
    {
        var added = new Ledger();
        var byVideo = new Dictionary<VideoId, List<Entry>>();
        foreach (var item in range.Items)
        {
            if (item is Tally tally && tally.Position > _counted) added += new Ledger(tally.Events, 0, 0, tally.DeadLettered);
            if (item is not VideoEntries(var video, var entries) || entries[0].Position <= _counted) continue;
            if (!byVideo.TryGetValue(video, out var all)) byVideo[video] = all = [];
            all.AddRange(entries);
            foreach (var entry in entries) added += new Ledger(0, entry.Cell.Count, entry.Duplicates, 0);
        }

        foreach (var window in byVideo.Chunk(options.Value.CallsAtOnce))
            foreach (var setAside in await Task.WhenAll(window.Select(video => Find(video.Key).Give(video.Value)))) added += new Ledger(0, -setAside, 0, setAside);
        foreach (var video in byVideo.Keys) _channels?.Given(video);
        instruments.Delivered(byVideo.Count);
        return added;
    }

    private GivenVideo Find(VideoId id)
    {
        if (!_videos.TryGetValue(id, out var video)) _videos[id] = video = new(GrainFactory.GetGrain<IVideoGrain>(id.Value));
        return video;
    }

    /// <summary>A checkpoint; and if the shard belongs on another silo by now, its end here. Videos that changed have left by then, each when it had stored itself; the others follow when they next do.</summary>
    private async Task StoreAndMove(CancellationToken cancellationToken)
    {
        var storing = _storing ??= Checkpoint(cancellationToken);
        try
        {
            await storing;
        }
        finally
        {
            if (_storing == storing) _storing = null;
        }

        if (_goesBack || homes.IsHere(Shard)) return;
        LogMoving(Shard);
        _isLeaving = true;
        Moved();
        MigrateOnIdle();
    }

    /// <summary>Has the videos store what they were given; when all have, the shard itself goes on from here after a crash.</summary>
    private async Task Checkpoint(CancellationToken cancellationToken)
    {
        await gates.Checkpoints.WaitAsync(cancellationToken);
        try
        {
            await StoreWhatChanged(cancellationToken);
        }
        finally
        {
            gates.Checkpoints.Release();
        }
    }

    private async Task StoreWhatChanged(CancellationToken cancellationToken)
    {
        var (through, time, ledger) = (_counted, _countedTime, _countedLedger);
        var now = clock.GetUtcNow();
        var due = _videos.Where(video => video.Value.IsDue(now)).ToList();
        try
        {
            foreach (var window in due.Chunk(options.Value.CallsAtOnce)) await Task.WhenAll(window.Select(Flush));
            _toldThrough = now;
            var changes = Tops.Changes;
            if (through <= _stored && (changes == _storedTops || _version is null)) return;
            _version = await store.WriteShard(Shard, new(through, time, Shard.Partition(log.PartitionCount), ledger), changes == _storedTops ? null : Tops.Capture(now), _version, cancellationToken);
            _storedTops = changes;
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            LogNotStored(Shard, exception.Message); // The storage is slow: what was not stored is still due, and the next checkpoint asks again.
            return;
        }
        catch (Exception exception)
        {
            GoBack(exception);
            return;
        }

        (_stored, _storedLedger) = (through, ledger);
        instruments.Checkpointed(due.Count);
        foreach (var video in _videos.Values) video.StoredThrough(through);
        ForgetBeyond(options.Value.VideosKept / Shard.Count);
    }

    /// <summary>Of more videos than it may keep, a shard forgets those that have nothing to be remembered; if that is not enough, when the hours of others settle.</summary>
    private void ForgetBeyond(int kept)
    {
        if (_videos.Count <= kept) return;
        foreach (var (id, video) in _videos) if (video.IsIdle && _videos.Count > kept) _videos.Remove(id);
        foreach (var (id, video) in _videos) if (video.OnlySettles && _videos.Count > kept) _videos.Remove(id);
    }

    /// <summary>Has a video store what it was given, and hears how often it was counted.</summary>
    private async Task Flush(KeyValuePair<VideoId, GivenVideo> video)
    {
        if (await video.Value.Flush() is { } counts) Tops.Told(video.Key, counts, clock.GetUtcNow());
        _known?.Stored(video.Key);
    }

    private void GoBack(Exception because)
    {
        LogGoingBack(because is GoesBackException ? null : because, Shard, _stored, because.Message);
        instruments.WentBack();
        _goesBack = true;
        Moved();
        _timer?.Dispose();
        DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} goes back to {Stored}: {Reason}.")]
    private partial void LogGoingBack(Exception? exception, Shard shard, Position stored, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Shard {Shard} belongs on another silo now, and leaves.")]
    private partial void LogMoving(Shard shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} could not store everything this time: {Reason}.")]
    private partial void LogNotStored(Shard shard, string reason);
}

/// <summary>Something was lost on the way to a video: the shard forgets, and hears everything again from what is stored.</summary>
internal sealed class GoesBackException(string reason) : Exception(reason);
