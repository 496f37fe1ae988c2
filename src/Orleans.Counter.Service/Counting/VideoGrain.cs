using System.Globalization;
using System.Text.Json;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

// Apply runs one call at a time; Flush and Recent run beside it, wherever it waits. Apply waits only before it changes anything, and Flush captures the row before
// it waits for the store, so what is added during the write changes the next row, not this one. Two writes never overlap: _writing is the one under way.
// An hour can be opened only by Apply, so while Apply reads a settled hour nobody else opens it, changes it and settles it again; but one that was open may settle meanwhile.
[GrainType("video"), ShardPlacement]
internal sealed class VideoGrain(ICountStore store, IDeadLetterStore deadLetters, LogIdentity log, ShardHomes homes, CountingGates gates, TimeProvider clock, CountingInstruments instruments) : Grain, IVideoGrain
{
    private Video? _video;
    private RowVersion? _version;
    private Position _stored;
    private Metadata _storedMetadata;
    private Task<Video>? _loading;
    private Task? _writing;
    private StaleWriterException? _stale;

    private VideoId Id => VideoId.Parse(this.GetPrimaryKeyString());

    public async ValueTask<Applied> Apply(Position given, IReadOnlyList<Entry> entries, CancellationToken cancellationToken)
    {
        var video = _video ?? await LoadInTurn(cancellationToken);
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
        if (!homes.IsHere(Shard.Of(Id))) MigrateOnIdle(); // Its shard lives elsewhere by now. To end here would not be enough: whoever knows the address would wake it up here again.
        return new(_stored, video.NextSettle);
    }

    public async ValueTask<Recent> Recent(EventType type, CancellationToken cancellationToken) => (await Load()).Recent(type);

    public async ValueTask<Portrait?> Portrait(CancellationToken cancellationToken)
    {
        var video = await Load();
        return video.IsKnown ? video.Portrait() : null;
    }

    public async ValueTask<Portrait> Describe(Metadata metadata, CancellationToken cancellationToken)
    {
        var video = await Load();
        video.Metadata = metadata;
        while (_storedMetadata != video.Metadata) await WriteOnce(video); // The write under way may have begun before.
        return video.Portrait();
    }

    /// <summary>A video that leaves in peace stores what it holds; one that does not is caught up with by its shard.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_video is not null && _stale is null) await StoreAll(_video).WaitAsync(cancellationToken);
    }

    private async Task Reopen(Video video, IEnumerable<(EventType Type, int Hour)> missing, CancellationToken cancellationToken)
    {
        List<HourCells> opened = [];
        foreach (var day in missing.GroupBy(hour => (hour.Type, Day: TableLayout.DayOf(hour.Hour))))
        {
            var settled = await store.ReadDay(Id, day.Key.Type, day.Key.Day, cancellationToken);
            opened.AddRange(day.Select(missed => settled.FirstOrDefault(cells => cells.Hour == missed.Hour) ?? new(missed.Type, missed.Hour, [])));
        }

        foreach (var hour in opened) video.Reopen(hour);
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
            return _video = await loading;
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
        (_version, _stored, _storedMetadata) = (row?.Version, row?.Row.Position ?? Position.Start, row?.Row.Metadata ?? default);
        return new(Id, row?.Row);
    }

    /// <summary>For a video that takes nothing new any more.</summary>
    private async Task StoreAll(Video video)
    {
        while (_stored < video.Position || _storedMetadata != video.Metadata) await WriteOnce(video);
    }

    /// <summary>Joins the write that is under way, or begins one.</summary>
    private async Task WriteOnce(Video video)
    {
        var writing = _writing ??= Write(video);
        try
        {
            await writing;
        }
        finally
        {
            if (_writing == writing) _writing = null;
        }
    }

    private async Task Write(Video video)
    {
        if (_stale is not null) throw _stale;
        try
        {
            var capture = video.Capture(clock.GetUtcNow(), commit: Guid.NewGuid());
            _version = await store.CommitVideo(capture.Row, _version, capture.Settled, CancellationToken.None);
            (_stored, _storedMetadata) = (capture.Row.Position, capture.Row.Metadata);
            video.Stored(capture);
        }
        catch (StaleWriterException stale)
        {
            _stale = stale;
            DeactivateOnIdle();
            throw;
        }
    }

    private DeadLetter TooManyTypes(Entry entry) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Shard.Of(Id).Partition(log.PartitionCount)}/{entry.Position.Value:x16}-types-{Id}-{entry.Type}-{entry.Minute.Number}"), "too_many_types",
        $"The video has {EventType.PerVideoMax} types already.", entry.Cell.Count,
        JsonSerializer.SerializeToUtf8Bytes(new { videoId = Id.Value, type = entry.Type.Value, minute = entry.Minute.Start, count = entry.Cell.Count, sum = entry.Cell.Sum, min = entry.Cell.Min, max = entry.Cell.Max }));
}
