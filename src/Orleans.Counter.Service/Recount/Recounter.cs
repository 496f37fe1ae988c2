using Orleans.Counter.EventHubs;
using Orleans.Counter.Streaming;

namespace Orleans.Counter.Recount;

/// <summary>What has to be counted of one video, by the plain rules of the log: once from the first message to the last, with nothing of the counting path but the reader of frames.</summary>
/// <remarks>Takes the messages of one partition and one era in their order, from two generations before the first one that matters.</remarks>
internal sealed class Recounter(RecountRules rules)
{
    public static readonly TimeSpan Generation = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private readonly FrameReader _frame = new();
    private readonly Dictionary<(EventType Type, Minute Minute), Cell> _cells = [];
    private long _generation = long.MinValue;
    private HashSet<(ulong Writer, ulong Number)> _seen = [], _seenBefore = [];

    /// <summary>What was recounted of the minutes in the range that hold something.</summary>
    public IReadOnlyDictionary<(EventType Type, Minute Minute), Cell> Cells => _cells;

    /// <summary>How many messages there were.</summary>
    public long Messages { get; private set; }

    /// <summary>From when to when, by the hub's clock, the log has to be read to know what belongs into a range: with two generations before the first message that may hold an event of it.</summary>
    public static (DateTimeOffset From, DateTimeOffset To) Needed(MinuteRange range, TimeSpan window)
    {
        var first = range.From.Start - AcceptanceOptions.Ahead - Grace;
        return (new(((first.UtcTicks / Generation.Ticks) - 2) * Generation.Ticks, TimeSpan.Zero), range.To.Start + window + Grace);
    }

    /// <summary>The next message.</summary>
    public void Take(ReceivedEvent message)
    {
        Messages++;
        if (_frame.Read(message) is not null || IsMisrouted()) return; // A dead letter, which is in no count.
        MoveTo(message.EnqueuedTime.UtcTicks / Generation.Ticks);
        if (!_frame.Videos.Contains(rules.Video)) return;
        var isFrameRepeated = HasSeen(_frame.Sender);
        var (oldest, newest) = (Minute.Of(message.EnqueuedTime - rules.Window - Grace), Minute.Of(message.EnqueuedTime + AcceptanceOptions.Ahead + Grace));
        var position = Position.Of(rules.Era, message.SequenceNumber);
        var inMessage = new Dictionary<(EventType, Minute), Cell>(); // Sums of this first, then with the others: in this order everybody adds.
        foreach (var (video, place, id, time, value) in _frame.Events())
        {
            if (_frame.Videos[video] != rules.Video) continue;
            var isRepeat = (id != 0 && HasSeen((0, id))) || isFrameRepeated; // No writer is 0.
            var (type, minute) = (_frame.Types[place], Minute.OfUnixMilliseconds(time));
            if (isRepeat || minute < oldest || minute > newest || !rules.Range.Contains(minute) || position > rules.CountedThrough(minute) || position <= rules.RemovedThrough || rules.IsTooMany(type)) continue;
            inMessage[(type, minute)] = inMessage.GetValueOrDefault((type, minute)) + Cell.One(value);
        }

        foreach (var (key, cell) in inMessage) _cells[key] = _cells.GetValueOrDefault(key) + cell;
    }

    private bool IsMisrouted()
    {
        foreach (var video in _frame.Videos)
            if (Shard.Of(video).Partition(rules.PartitionCount) != Shard.Of(rules.Video).Partition(rules.PartitionCount)) return true;
        return false;
    }

    private void MoveTo(long generation)
    {
        if (generation <= _generation) return; // It never steps back, whatever the hub's clock does.
        _seenBefore = generation == _generation + 1 ? _seen : [];
        (_seen, _generation) = ([], generation);
    }

    // Every sighting enters the set of its own generation, repeats too.
    private bool HasSeen((ulong, ulong) what) => !_seen.Add(what) || _seenBefore.Contains(what);
}

/// <summary>What a recount goes by.</summary>
/// <param name="Video">The video.</param>
/// <param name="Range">Its minutes that are recounted.</param>
/// <param name="Window">How old an event may be.</param>
/// <param name="Era">Of the log.</param>
/// <param name="PartitionCount">Of the hub.</param>
/// <param name="CountedThrough">Up to where in the log a minute was counted when it was compared.</param>
/// <param name="RemovedThrough">What stands up to here in the log was removed with the video.</param>
/// <param name="Types">All types that the video has: if it has as many as it may have, events of others were set aside.</param>
internal sealed record RecountRules(
    VideoId Video, MinuteRange Range, TimeSpan Window, int Era, int PartitionCount, Func<Minute, Position> CountedThrough, Position RemovedThrough, IReadOnlyCollection<EventType> Types)
{
    public bool IsTooMany(EventType type) => Types.Count >= EventType.PerVideoMax && !Types.Contains(type);
}
