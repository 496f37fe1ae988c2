namespace Orleans.Counter.Counting;

/// <summary>Which frames a shard has counted since it woke up, by writer. Never says of one that it is counted when it is not; of one from before, it may not know.</summary>
/// <remarks>A few dozen bytes a writer. A writer is one run of an API process: only of so many that few services have them at a time.</remarks>
internal sealed class CountedFrames
{
    /// <summary>How many writers are remembered; of more, the one that has been silent longest is forgotten.</summary>
    public const int WritersMax = 128;

    private readonly Dictionary<ulong, (FrameNumbers Numbers, Position Latest)> _writers = [];

    /// <summary>A frame is counted, and everything before it in the log.</summary>
    public void Add(ulong writer, ulong number, Position position)
    {
        if (!_writers.TryGetValue(writer, out var known) && _writers.Count == WritersMax) _writers.Remove(_writers.MinBy(one => one.Value.Latest).Key);
        _writers[writer] = (known.Numbers.With(number), position);
    }

    public bool Hold(ulong writer, FrameNumbers frames) => _writers.TryGetValue(writer, out var known) && known.Numbers.Hold(frames);
}
