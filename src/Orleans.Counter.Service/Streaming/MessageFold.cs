using System.Collections;
using System.Runtime.InteropServices;

namespace Orleans.Counter.Streaming;

/// <summary>Folds the events of one message into entries: one for every minute of a type of a video. Never across messages, so that a replay folds alike.</summary>
internal sealed class MessageFold
{
    private readonly Dictionary<long, int> _places = [];
    private readonly List<(int Video, Entry Entry)> _entries = [];

    /// <summary>The entries of the message, those of one video together.</summary>
    /// <param name="frame">The message, already read.</param>
    /// <param name="position">Its place.</param>
    /// <param name="repeats">Which of its events are repeats; null if none.</param>
    /// <param name="isSetAside">Which minutes are out of time: their events are dead letters, unless they are repeats.</param>
    public IEnumerable<VideoEntries> Fold(FrameReader frame, Position position, BitArray? repeats, Func<Minute, bool> isSetAside)
    {
        Gather(frame, position, repeats, isSetAside);
        var videos = frame.Videos.ToArray();
        return _entries.GroupBy(entry => entry.Video, entry => entry.Entry).Select(video => new VideoEntries(videos[video.Key], [.. video]));
    }

    private void Gather(FrameReader frame, Position position, BitArray? repeats, Func<Minute, bool> isSetAside)
    {
        _places.Clear();
        _entries.Clear();
        var types = frame.Types.ToArray();
        var index = -1;
        foreach (var (video, type, _, time, value) in frame.Events())
        {
            var minute = Minute.OfUnixMilliseconds(time);
            index++;
            var isRepeat = repeats?[index] is true;
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, (((long)video * types.Length) + type << 32) | (uint)minute.Number, out var exists);
            if (!exists)
            {
                place = _entries.Count;
                _entries.Add((video, new(position, types[type], minute, Cell.Nothing, 0)));
            }

            ref var entry = ref CollectionsMarshal.AsSpan(_entries)[place].Entry;
            entry = isRepeat ? entry with { Duplicates = entry.Duplicates + 1 }
                : isSetAside(minute) ? entry with { DeadLettered = entry.DeadLettered + 1 }
                : entry with { Cell = entry.Cell + Cell.One(value) };
        }
    }
}
