using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

// Apply runs one call at a time; Flush and Recent run beside it, wherever it waits. Apply waits only before it changes anything, and Flush captures the row before
// it waits for the store, so what is added during the write changes the next row, not this one. Two writes never overlap: _writing is the one under way.
// An hour can be opened only by Apply and its like, so while Apply reads a settled hour nobody else opens it, changes it and settles it again; but one that was open may settle meanwhile.
[GrainType("video"), ShardPlacement]
internal sealed partial class VideoGrain(
    ICountStore store, ISegmentStore segments, IRollupStore rollups, IDeadLetterStore deadLetters, LogIdentity log, ShardHomes homes, AwakeVideos awake, CountingGates gates, IOptions<AcceptanceOptions> acceptance, TimeProvider clock,
    CountingInstruments instruments) : Grain, IVideoGrain, IAwakeVideo
{
    private Video? _video;
    private RowVersion? _version;
    private Position _stored;
    private Metadata _storedMetadata;
    private long _storedRevision;
    private readonly HashSet<string> _untold = [];
    private Task<Video>? _loading;
    private Task? _writing;
    private StaleWriterException? _stale;
    private LinkedListNode<IAwakeVideo>? _place;
    private volatile bool _wasUsed;

    private VideoId Id => VideoId.Parse(this.GetPrimaryKeyString());

    public async ValueTask<Applied> Apply(Position given, IReadOnlyList<Entry> entries, CancellationToken cancellationToken)
    {
        var video = _video ?? await LoadInTurn(cancellationToken);
        _wasUsed = true;
        if (video.Position < given) return new(Outcome.Behind); // This activation lost what an earlier one was given.
        if (video.IsFull) return new(Outcome.Later);
        var setAside = video.TooManyTypes(entries);
        foreach (var entry in setAside) await deadLetters.Add(TooManyTypes(entry), cancellationToken);

        // A flush beside this may settle again what was open, or opened, before a wait: so the last look comes after the last wait, and everything below happens in one go.
        while (video.Missing(entries) is { Count: > 0 } missing) await Reopen(video, missing, cancellationToken);
        if (_stale is not null) throw _stale;
        video.Add(entries, setAside);
        return new(Outcome.Done, video.SetAside(entries));
    }

    public async ValueTask<Flushed> Flush(CancellationToken cancellationToken)
    {
        var video = await Load();
        var wanted = video.Position;
        if (_stored < wanted || video.NextSettle <= clock.GetUtcNow() || video.IsFull)
            do await WriteOnce(video);
            while (_stored < wanted);
        await TellShard();
        if (!homes.IsHere(Shard.Of(Id))) MigrateOnIdle(); // Its shard lives elsewhere by now. To end here would not be enough: whoever knows the address would wake it up here again.
        return new(_stored, video.NextSettle, video.Windows);
    }

    public async ValueTask<Recent> Recent(EventType type, CancellationToken cancellationToken)
    {
        var video = await Load();
        _wasUsed = true;
        return video.Recent(type, _storedRevision);
    }

    public async ValueTask<IReadOnlyList<WindowCount>> Windows(EventType type, CancellationToken cancellationToken) => [.. (await Load()).Windows.Where(count => count.Type == type)];

    public async ValueTask<Portrait> Portrait(CancellationToken cancellationToken) => (await Load()).Portrait(_storedRevision);

    public async ValueTask<Portrait> Describe(Metadata metadata, CancellationToken cancellationToken)
    {
        var video = await Load();
        if (video.Metadata.ChannelId is { } before) _untold.Add(before);
        if (metadata.ChannelId is { } now) _untold.Add(now);
        video.Metadata = metadata;
        if (_storedMetadata == metadata) await Confirm();
        while (_storedMetadata != video.Metadata) await WriteOnce(video); // The write under way may have begun before.
        await TellShard(always: true); // Its events are let in from now on; said again if nobody knows whether it was said.
        return video.Portrait(_storedRevision);
    }

    /// <summary>A video that leaves in peace stores what it holds; one that does not is caught up with by its shard.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_place is { } place) awake.Slept(place);
        if (_video is not null && _stale is null) await StoreAll(_video).WaitAsync(cancellationToken);
    }

    public bool WasUsed()
    {
        var wasUsed = _wasUsed;
        _wasUsed = false;
        return wasUsed;
    }

    public void Sleep() => GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "Too many videos are awake, and this one was not used lately."));

    /// <summary>What the shard remembers of a channel, or always of the video, is not so any more. What it could not be told of channels is told with the next flush.</summary>
    private async Task TellShard(bool always = false)
    {
        if (_untold.Count == 0 && !always) return;
        string[] channels = [.. _untold];
        await GrainFactory.GetGrain<IShardGrain>(Shard.Of(Id).ToString()).Forget(channels, always ? Id : null, _stored);
        _untold.ExceptWith(channels);
    }

    /// <summary>For an answer that writes nothing, and so would never find out: an activation that was replaced must not say what it once knew.</summary>
    private async Task Confirm()
    {
        var known = _version;
        var stands = (await store.ReadVideo(Id, CancellationToken.None))?.Version;
        await WaitForWrite();
        if (_stale is null && stands != known && stands != _version)
        {
            _stale = new(Id.Value);
            DeactivateOnIdle();
        }

        if (_stale is not null) throw _stale;
    }

    private async Task Reopen(Video video, IEnumerable<(EventType Type, int Hour)> missing, CancellationToken cancellationToken)
    {
        foreach (var hour in await ReadHours(missing, cancellationToken)) video.Reopen(hour);
    }

    /// <summary>What the day rows hold of some hours.</summary>
    private async Task<IReadOnlyList<HourCells>> ReadHours(IEnumerable<(EventType Type, int Hour)> hours, CancellationToken cancellationToken)
    {
        List<HourCells> read = [];
        foreach (var day in hours.GroupBy(hour => (hour.Type, Day: TableLayout.DayOf(hour.Hour))))
        {
            var settled = await store.ReadDay(Id, day.Key.Type, day.Key.Day, cancellationToken);
            read.AddRange(day.Select(one => settled?.Row.Hours.FirstOrDefault(cells => cells.Hour == one.Hour) ?? new(one.Type, one.Hour, [])));
        }

        return read;
    }

    private async Task<Video> LoadInTurn(CancellationToken cancellationToken)
    {
        await gates.Loads.WaitAsync(cancellationToken);
        try
        {
            return await Load();
        }
        finally
        {
            gates.Loads.Release();
        }
    }

    private async ValueTask<Video> Load()
    {
        if (_stale is not null) throw _stale;
        if (_video is not null) return _video;
        var loading = _loading ??= LoadRow();
        try
        {
            _video = await loading;
            _place ??= awake.Woke(this);
            return _video;
        }
        finally
        {
            if (_loading == loading) _loading = null;
        }
    }

    private async Task<Video> LoadRow()
    {
        var row = await store.ReadVideo(Id, CancellationToken.None);
        instruments.Loaded();
        (_version, _stored, _storedMetadata, _storedRevision) = (row?.Version, row?.Row.Position ?? Position.Start, row?.Row.Metadata ?? default, row?.Row.Revision ?? 0);
        var video = new Video(Id, row?.Row);
        await RemoveDays(video); // An activation before this one did not come to the end of it.
        return video;
    }

    /// <summary>For a video that takes nothing new any more.</summary>
    private async Task StoreAll(Video video)
    {
        while (_stored < video.Position || _storedMetadata != video.Metadata) await WriteOnce(video);
    }

    /// <summary>Joins the write that is under way, or begins one.</summary>
    private Task WriteOnce(Video video) => _writing is null ? Write(video, also: null) : WaitForWrite();

    /// <summary>Until no write is under way.</summary>
    private async Task WaitForWrite()
    {
        while (_writing is { } writing)
        {
            try
            {
                await writing;
            }
            finally
            {
                if (_writing == writing) _writing = null;
            }
        }
    }

    /// <summary>Begins a write; none is under way.</summary>
    /// <param name="video">As it is now.</param>
    /// <param name="also">What else changes, which must not be written twice, nor without it: if this fails, the activation has to forget what it holds.</param>
    private Task Write(Video video, Func<VideoCommit, VideoCommit>? also)
    {
        _writing = WriteNow(video, also);
        return WaitForWrite();
    }

    private async Task WriteNow(Video video, Func<VideoCommit, VideoCommit>? also)
    {
        if (_stale is not null) throw _stale;
        try
        {
            var capture = video.Capture(clock.GetUtcNow(), commit: Guid.NewGuid());
            var (from, to) = (_storedMetadata.ChannelId, capture.Row.Metadata.ChannelId);
            var commit = new VideoCommit(capture.Row, capture.Settled, from == to ? null : new(from, to));
            _version = await store.CommitVideo(also?.Invoke(commit) ?? commit, _version, CancellationToken.None);
            (_stored, _storedMetadata, _storedRevision) = (capture.Row.Position, capture.Row.Metadata, capture.Row.Revision);
            video.Stored(capture);
        }
        catch (Exception exception) when (exception is StaleWriterException || also is not null)
        {
            _stale = exception as StaleWriterException ?? new(Id.Value);
            DeactivateOnIdle();
            throw;
        }
    }

    private DeadLetter TooManyTypes(Entry entry) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Shard.Of(Id).Partition(log.PartitionCount)}/{entry.Position.Value:x16}-types-{Id}-{entry.Type}-{entry.Minute.Number}"), "too_many_types",
        $"The video has {EventType.PerVideoMax} types already.", entry.Cell.Count,
        JsonSerializer.SerializeToUtf8Bytes(new { videoId = Id.Value, type = entry.Type.Value, minute = entry.Minute.Start, count = entry.Cell.Count, sum = entry.Cell.Sum, min = entry.Cell.Min, max = entry.Cell.Max }));
}
