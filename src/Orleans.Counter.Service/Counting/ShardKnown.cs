using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>Which videos of a shard are known, for those who let in events of no others: a filter that is made of the table's keys, and what has changed since.</summary>
/// <remarks>
/// Made when somebody asks for the first time; before, it costs nothing. Every hour it is made anew, because what a video says may reach an activation that was replaced.
/// Used by one grain, one turn at a time.
/// </remarks>
internal sealed class ShardKnown(Shard shard, ICountStore store, int bytesMax, TimeProvider clock)
{
    /// <summary>How many changes are kept. Who has missed more gets the whole filter.</summary>
    public const int ChangesMax = 1_000;

    /// <summary>How old a filter gets. One that cannot be made anew is believed for twice as long.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromHours(1);

    private readonly List<VideoId> _changes = [];
    private readonly HashSet<VideoId> _meanwhile = []; // What was said while keys are read: some of them have been passed already.
    private VideoFilter? _filter;
    private DateTimeOffset _since;
    private long _before; // How many changes came before those that are kept.
    private Task _making = Task.CompletedTask;

    /// <summary>What is known, as one who has the filter of this seed, and has heard of so many changes, needs to hear it. Reads the keys of the shard's videos if there is no filter yet.</summary>
    public async Task<KnownNews> Ask(long? seed, long changes)
    {
        var age = clock.GetUtcNow() - _since;
        if (_making.IsCompleted && (_filter is null || age > AgeMax || (_filter.IsFull && _filter.Bytes * 2L <= bytesMax))) _making = Make();
        if (_filter is null || age > 2 * AgeMax) await _making;
        var (filter, through) = (_filter!, _before + _changes.Count);
        return filter.Seed == seed && changes >= _before && changes <= through
            ? new(filter.Seed, through, null, [.. _changes.Skip((int)(changes - _before))])
            : new(filter.Seed, through, filter.ToBytes(), []);
    }

    /// <summary>A video is known from now on, or not any more: whoever has an opinion of it has to look at its row again.</summary>
    public void Changed(VideoId video)
    {
        if (!_making.IsCompleted) _meanwhile.Add(video);
        if (_filter is null) return;
        _filter.Add(_filter.Hash(video));
        _changes.Add(video);
        if (_changes.Count <= ChangesMax) return;
        _changes.RemoveRange(0, ChangesMax / 2);
        _before += ChangesMax / 2;
    }

    /// <summary>A video has been stored: if nobody knew it before, it is known now.</summary>
    public void Stored(VideoId video)
    {
        if (!_making.IsCompleted) _meanwhile.Add(video);
        if (_filter is not null && !_filter.MayHold(_filter.Hash(video))) Changed(video);
    }

    private async Task Make()
    {
        var since = clock.GetUtcNow();
        _meanwhile.Clear();
        List<VideoId> videos = [];
        for (VideoId? last = null; await store.ReadVideos(shard, last, CancellationToken.None) is { Count: > 0 } some; last = some[^1]) videos.AddRange(some);
        var filter = new VideoFilter(videos.Count, bytesMax);
        foreach (var video in videos) filter.Add(filter.Hash(video));
        foreach (var video in _meanwhile) filter.Add(filter.Hash(video));
        _meanwhile.Clear();
        _changes.Clear();
        (_filter, _since, _before) = (filter, since, 0);
    }
}
