using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>What a shard knows of channels: which of its videos they own, and the totals of those that were given nothing since they were asked.</summary>
/// <remarks>
/// All that is counted of a video comes through its shard, which says <see cref="Given"/> then; whatever else changes it says <see cref="Forget"/>. So a total that stands here
/// is the video's, and asking for a channel costs calls only to those of its videos that move. Used by one grain, one turn at a time.
/// </remarks>
internal sealed class ShardChannels(Shard shard, ICountStore store, IGrainFactory grains, TimeProvider clock)
{
    /// <summary>How many videos of channels a shard remembers; beyond it, it forgets all and begins anew.</summary>
    public const int VideosMax = 20_000;

    // What a video says may reach an activation that was replaced; so nothing is believed for longer.
    private static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, OwnedVideos> _channels = [];
    private readonly Dictionary<VideoId, OwnedVideos> _owners = [];

    /// <summary>What a channel owns here: from memory, or a read of the table the first time.</summary>
    public async Task<OwnedVideos> Of(string channelId)
    {
        var now = clock.GetUtcNow();
        if (!_channels.TryGetValue(channelId, out var owned) || now - owned.Since > AgeMax)
            _channels[channelId] = owned = new(store.ReadChannel(shard, channelId, CancellationToken.None).AsTask(), now, grains);
        try
        {
            var videos = await owned.Videos;
            if (IsCurrent() && !owned.IsFollowed) Follow(owned, videos);
        }
        catch
        {
            if (IsCurrent()) _channels.Remove(channelId);
            throw;
        }

        return owned;

        bool IsCurrent() => _channels.GetValueOrDefault(channelId) == owned; // It may have been forgotten meanwhile, and another one stand in its place.
    }

    /// <summary>A video has been given something: its total is another one.</summary>
    public void Given(VideoId video)
    {
        if (_owners.TryGetValue(video, out var owner)) owner.Given(video);
    }

    public void Forget(IEnumerable<string> channels)
    {
        foreach (var channel in channels) _channels.Remove(channel);
    }

    private void Follow(OwnedVideos owned, IReadOnlyList<VideoId> videos)
    {
        if (_owners.Count + videos.Count > VideosMax)
        {
            _owners.Clear();
            _channels.Clear();
        }

        foreach (var video in videos) _owners[video] = owned;
        owned.IsFollowed = true;
    }
}

/// <summary>The videos of a shard that one channel owns, and what is known of their totals.</summary>
internal sealed class OwnedVideos(Task<IReadOnlyList<VideoId>> videos, DateTimeOffset since, IGrainFactory grains)
{
    // A question that is under way when its video is given something is of no use to later ones: it is the question that is remembered, and forgotten.
    private readonly Dictionary<VideoId, Task<Portrait>> _portraits = [];

    /// <summary>In order.</summary>
    public Task<IReadOnlyList<VideoId>> Videos => videos;

    /// <summary>When the table was asked.</summary>
    public DateTimeOffset Since => since;

    /// <summary>True once it is told what is given to its videos.</summary>
    public bool IsFollowed { get; set; }

    public void Given(VideoId video) => _portraits.Remove(video);

    /// <summary>The total of a type over all of them, added in their order.</summary>
    public async Task<Cell> Total(EventType type)
    {
        var total = Cell.Nothing;
        foreach (var portrait in await Task.WhenAll((await videos).Select(Ask)))
            total += portrait.Totals.FirstOrDefault(one => one.Type == type).Total;
        return total;
    }

    private Task<Portrait> Ask(VideoId video)
    {
        if (_portraits.TryGetValue(video, out var known) && !known.IsFaulted && !known.IsCanceled) return known;
        return _portraits[video] = grains.GetGrain<IVideoGrain>(video.Value).Portrait().AsTask();
    }
}
