namespace Orleans.Counter.Counting;

/// <summary>The most counted videos of a shard, by type and window.</summary>
/// <remarks>
/// What a video says is how often it was counted, not how often since: said twice, it changes nothing. Counts grow, so a video that was not among the first belongs there only after it was
/// counted again, and then it says so. Only corrections take something back: the places beyond those that are promised make up for them.
/// </remarks>
internal sealed class ShardTops
{
    /// <summary>How many videos of a list are kept for certain.</summary>
    public const int VideosMax = 128;

    /// <summary>How many types have lists. Views are always one of them.</summary>
    public const int TypesMax = 8;

    private readonly Dictionary<(EventType Type, TopWindow Window), Dictionary<VideoId, long>> _lists;

    /// <summary>Goes on with what was stored.</summary>
    public ShardTops(IEnumerable<TopList> stored) =>
        _lists = stored.ToDictionary(list => (list.Type, list.Window), list => list.Videos.ToDictionary(video => video.Video, video => video.Count));

    /// <summary>Another number whenever a list changes.</summary>
    public int Changes { get; private set; }

    /// <summary>True if the type has lists, or would get some.</summary>
    public bool Keeps(EventType type) => type == EventType.View || Others().Contains(type) || Others().Count() < TypesMax - 1;

    /// <summary>How often a video was counted in all its windows.</summary>
    public void Told(VideoId video, IReadOnlyList<WindowCount> counts, DateTimeOffset now)
    {
        foreach (var (key, list) in _lists)
            if (list.ContainsKey(video) && !counts.Any(count => (count.Type, count.Window) == key && count.Count > 0) && list.Remove(video)) Changes++;

        foreach (var (type, window, count) in counts)
        {
            if (count <= 0 || !window.IsAskedFor(now) || Find(type, window, now) is not { } list || list.GetValueOrDefault(video) == count) continue;
            list[video] = count;
            Changes++;
            if (list.Count < 2 * VideosMax) continue;
            foreach (var last in TopVideo.Ranked(Videos(list)).Skip(VideosMax).ToList()) list.Remove(last.Video);
        }
    }

    /// <summary>The first of a window.</summary>
    public IReadOnlyList<TopVideo> First(EventType type, TopWindow window, int most) =>
        _lists.TryGetValue((type, window), out var list) ? [.. TopVideo.Ranked(Videos(list)).Take(most)] : [];

    /// <summary>What is to be stored. Windows that nobody can ask for any more are left out, and forgotten.</summary>
    public IReadOnlyList<TopList> Capture(DateTimeOffset now)
    {
        ForgetOver(now);
        return [.. _lists.Keys.Select(key => new TopList(key.Type, key.Window, First(key.Type, key.Window, VideosMax)))];
    }

    private Dictionary<VideoId, long>? Find(EventType type, TopWindow window, DateTimeOffset now)
    {
        if (_lists.TryGetValue((type, window), out var list)) return list;
        ForgetOver(now);
        return Keeps(type) ? _lists[(type, window)] = [] : null;
    }

    private void ForgetOver(DateTimeOffset now)
    {
        foreach (var over in _lists.Keys.Where(key => !key.Window.IsAskedFor(now)).ToList()) _lists.Remove(over);
    }

    private IEnumerable<EventType> Others() => _lists.Keys.Select(key => key.Type).Where(type => type != EventType.View).Distinct();

    private static IEnumerable<TopVideo> Videos(Dictionary<VideoId, long> list) => list.Select(video => new TopVideo(video.Key, video.Value));
}
