using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Known;

/// <summary>What an instance knows of the videos of one shard: a filter of all that are known, and what the table has said of those that were looked for in it.</summary>
/// <remarks>
/// What the filter lacks is not known, if the shard was asked since the question came: one question for all who wait. Of what it holds, the row decides; that is read once, and remembered
/// until the shard says that something has changed. While events come, the shard is asked again every two seconds, beside them.
/// </remarks>
internal sealed partial class KnownShard(
    Shard shard, IGrainFactory grains, ICountStore store, SemaphoreSlim reads, int remembered, TimeProvider clock, KnownInstruments instruments, ILogger<KnownShard> logger)
{
    /// <summary>How often the shard is asked at most, whoever wants to know.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>How old an answer of the shard gets while events of known videos come.</summary>
    public static readonly TimeSpan AskedEvery = TimeSpan.FromSeconds(2);

    /// <summary>How old an answer may be: a video that was removed is let in no longer. While the shard does not answer, what was known stays known.</summary>
    public static readonly TimeSpan BelievedFor = TimeSpan.FromSeconds(10);

    /// <summary>How long a video is not looked for again that was not in the table: the shard does not say of one that was removed when it is counted again.</summary>
    public static readonly TimeSpan UnknownFor = TimeSpan.FromMinutes(1);

    private const int UnknownRemembered = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<VideoId, Task<bool>> _reading = [];
    private VideoFilter? _filter;
    private long _changes;
    private Remembered _known = new(remembered);
    private Remembered _unknown = new(UnknownRemembered);
    private Task _asking = Task.CompletedTask;
    private Task? _next;
    private long? _askedAt;
    private bool _isSilent;

    /// <summary>True if the video is known for certain, at once.</summary>
    public bool IsKnown(ReadOnlySpan<byte> videoUtf8)
    {
        lock (_lock)
        {
            if (_filter is null || !IsBelieved() || _known.Find(_filter.Hash(videoUtf8)) is null) return false;
            if (_next is null && !IsYoungerThan(AskedEvery)) _ = Ask();
            return true;
        }
    }

    /// <summary>Which of these videos are not known.</summary>
    public async Task<IReadOnlyList<VideoId>> FindUnknown(IReadOnlyList<VideoId> videos, CancellationToken stopping)
    {
        var (found, missing) = Look(videos);
        var unknown = await ReadRows(found, stopping);
        if (missing.Count == 0) return unknown;
        await Ask().WaitAsync(stopping);
        (found, missing) = Look(missing);
        return [.. unknown, .. missing, .. await ReadRows(found, stopping)];
    }

    /// <summary>The videos of which a row may say that they are known, and those of which memory has no sign. Those that are known for certain are in neither.</summary>
    private (List<VideoId> Found, List<VideoId> Missing) Look(IReadOnlyList<VideoId> videos)
    {
        var (found, missing) = (new List<VideoId>(), new List<VideoId>());
        lock (_lock)
        {
            foreach (var video in videos)
            {
                var hash = _filter?.Hash(video) ?? default;
                if (_filter is null || !_filter.MayHold(hash) || (_unknown.Find(hash) is { } at && clock.GetElapsedTime(at) < UnknownFor)) missing.Add(video);
                else if (_known.Find(hash) is null) found.Add(video);
                else if (!IsBelieved()) missing.Add(video);
            }
        }

        return (found, missing);
    }

    private bool IsBelieved() => _isSilent || IsYoungerThan(BelievedFor);

    private bool IsYoungerThan(TimeSpan age) => _askedAt is { } at && clock.GetElapsedTime(at) <= age;

    private async Task<List<VideoId>> ReadRows(List<VideoId> videos, CancellationToken stopping)
    {
        var known = await Task.WhenAll(videos.Select(IsKnown)).WaitAsync(stopping);
        return [.. videos.Where((_, index) => !known[index])];
    }

    /// <summary>What the row says; one read for all who want to know. Only a yes of a read that began before is good: the video may have been registered since.</summary>
    private async Task<bool> IsKnown(VideoId video)
    {
        var (reading, isShared) = Read(video);
        if (!isShared) return await reading;
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return (reading.IsCompletedSuccessfully && await reading) || await Read(video).Reading;
    }

    private (Task<bool> Reading, bool IsShared) Read(VideoId video)
    {
        lock (_lock) return _reading.TryGetValue(video, out var underWay) ? (underWay, true) : (_reading[video] = Read(video, _filter!, _changes), false);
    }

    private async Task<bool> Read(VideoId video, VideoFilter filter, long changes)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // Not before it is listed.
        try
        {
            using var patience = new CancellationTokenSource(KnownVideos.Patience, clock);
            await reads.WaitAsync(patience.Token);
            try
            {
                instruments.Read();
                var isKnown = await store.ReadVideo(video, patience.Token) is { Row.IsKnown: true };
                Remember(filter, changes, filter.Hash(video), isKnown);
                return isKnown;
            }
            finally
            {
                reads.Release();
            }
        }
        finally
        {
            lock (_lock) _reading.Remove(video);
        }
    }

    // Not if something has changed meanwhile: it may have been this video, after its row was read.
    private void Remember(VideoFilter filter, long changes, UInt128 hash, bool isKnown)
    {
        lock (_lock)
            if (_filter == filter && _changes == changes) (isKnown ? _known : _unknown).Add(hash, clock.GetTimestamp());
    }

    /// <summary>Asks the shard what has changed. The question begins after this call; all who come before it begins share it.</summary>
    private Task Ask()
    {
        lock (_lock) return _next ??= AskAfter(_asking);
    }

    private async Task AskAfter(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        if (_askedAt is { } at && Pace - clock.GetElapsedTime(at) is var pause && pause > TimeSpan.Zero) await Task.Delay(pause, clock);
        VideoFilter? filter;
        long changes, asked;
        lock (_lock)
        {
            (_asking, _next) = (_next!, null);
            (filter, changes, asked) = (_filter, _changes, clock.GetTimestamp());
        }

        try
        {
            instruments.Asked();
            using var patience = new CancellationTokenSource(KnownVideos.Patience, clock);
            Hear(await grains.GetGrain<IShardGrain>(shard.ToString()).Known(filter?.Seed, changes, patience.Token).AsTask().WaitAsync(patience.Token), asked);
        }
        catch (Exception failure)
        {
            if (!_isSilent) LogSilent(shard, failure.Message);
            lock (_lock) (_isSilent, _askedAt) = (true, asked);
            throw;
        }
    }

    private void Hear(KnownNews news, long asked)
    {
        lock (_lock)
        {
            if (news.Filter is not null)
            {
                (_filter, _known, _unknown) = (new(news.Seed, news.Filter), new(remembered), new(UnknownRemembered)); // Hashes of the one before say nothing here.
            }
            else
            {
                foreach (var video in news.Changed)
                {
                    var hash = _filter!.Hash(video);
                    _filter.Add(hash);
                    _known.Forget(hash);
                    _unknown.Forget(hash);
                }
            }

            (_changes, _askedAt, _isSilent) = (news.Changes, asked, false);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} does not say which of its videos are known ({Reason}). Events of videos that were not met lately are answered 503 until it does.")]
    private partial void LogSilent(Shard shard, string reason);
}
