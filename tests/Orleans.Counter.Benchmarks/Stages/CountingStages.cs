using Orleans.Counter.Counting;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>From entries to rows, without grains.</summary>
internal static class CountingStages
{
    public static IEnumerable<StageFigures> Measure(StageData data)
    {
        var videos = new Dictionary<VideoId, Video>();
        long position = 0;
        yield return Meter.Measure("apply", "event", () => Entries(data, videos, ref position), entries =>
        {
            foreach (var (video, given) in entries)
            {
                // As VideoGrain.Apply does, where nothing is late and no type is one too many.
                if (video.IsFull || video.Missing(given).Count > 0) throw new BenchmarkFailedException("A stage did not do what it should.");
                video.Add(given, video.TooManyTypes(given));
            }

            return data.Events;
        });

        yield return Meter.Measure("pack", "row", () => videos.Values.Take(10_000).ToArray(), changed =>
        {
            foreach (var video in changed) RowCodec.Encode(video.Capture(DateTimeOffset.UtcNow, Guid.NewGuid()).Row);
            return changed.Length;
        });
    }

    // A video takes an entry only once, so every round has later positions than the one before.
    private static (Video Video, IReadOnlyList<Entry> Entries)[] Entries(StageData data, Dictionary<VideoId, Video> videos, ref long position)
    {
        var (fold, all) = (new MessageFold(), new List<(Video, IReadOnlyList<Entry>)>());
        foreach (var message in data.Messages())
        {
            foreach (var (id, entries) in fold.Fold(StreamingStages.Decoded(message), Position.Of(0, position++), null, _ => false))
            {
                if (!videos.TryGetValue(id, out var video)) videos[id] = video = new(id, null);
                all.Add((video, entries));
            }
        }

        return [.. all];
    }
}
