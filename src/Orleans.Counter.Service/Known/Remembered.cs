namespace Orleans.Counter.Known;

/// <summary>The videos that were met last, by their hashes: so many for certain, and at most twice as many.</summary>
internal sealed class Remembered(int least)
{
    private Dictionary<UInt128, long> _young = [];
    private Dictionary<UInt128, long> _old = [];

    /// <summary>When it was met, as a timestamp of the clock; null if it was not, or is forgotten.</summary>
    public long? Find(UInt128 video)
    {
        if (_young.TryGetValue(video, out var at)) return at;
        if (!_old.Remove(video, out at)) return null;
        Add(video, at);
        return at;
    }

    public void Add(UInt128 video, long at)
    {
        if (_young.Count >= least) (_old, _young) = (_young, []);
        _young[video] = at;
    }

    public void Forget(UInt128 video)
    {
        _young.Remove(video);
        _old.Remove(video);
    }
}
