using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Orleans.Counter.Cli.Load;

namespace Orleans.Counter.Benchmarks;

/// <summary>Requests as they are sent, and how often each video must be counted for them.</summary>
/// <param name="Bodies">JSON, encoded before anything is measured.</param>
/// <param name="Unique">Per video, its events without the repeats.</param>
/// <param name="Events">All events, repeats included.</param>
internal sealed record Workload(IReadOnlyList<byte[]> Bodies, int[] Unique, int Events)
{
    // One event in a hundred is one of the latest, sent again.
    private const double RepeatShare = 0.01;
    private const int RecentCount = 10_000;

    // A client says when something happened, and that was some seconds ago.
    private const int AgeMaxMilliseconds = 5_000;

    /// <summary>Events that must be recognised as sent before.</summary>
    public int Repeats => Events - Unique.Sum();

    /// <summary>The names of so many videos: 11 characters, as people know them.</summary>
    public static VideoId[] Videos(int count) => [.. Enumerable.Range(1, count).Select(number => VideoId.Parse(Base64Url.EncodeToString(Scattered(0, number))))];

    /// <summary>Draws the events of one round: videos by Zipf's law, ids that no other round has.</summary>
    public static Workload Create(VideoId[] videos, int events, int batch, int round)
    {
        var (random, zipf, now) = (new Random(round), new Zipf(videos.Length, exponent: 1), DateTime.UtcNow);
        var (bodies, unique, recent) = (new List<byte[]>(), new int[videos.Length], new Sent[RecentCount]);
        var buffer = new ArrayBufferWriter<byte>();
        for (var (sent, number) = (0, 0); sent < events;)
        {
            buffer.ResetWrittenCount();
            using var json = new Utf8JsonWriter(buffer);
            json.WriteStartObject();
            json.WriteStartArray("events"u8);
            for (var end = Math.Min(sent + batch, events); sent < end; sent++)
            {
                if (number > 0 && random.NextDouble() < RepeatShare)
                {
                    recent[random.Next(Math.Min(number, RecentCount))].Write(json, videos, round);
                    continue;
                }

                var one = new Sent(zipf.Next(random), ++number, now.AddMilliseconds(-random.Next(AgeMaxMilliseconds)));
                unique[one.Video]++;
                recent[(number - 1) % RecentCount] = one;
                one.Write(json, videos, round);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            bodies.Add(buffer.WrittenSpan.ToArray());
        }

        return new(bodies, unique, events);
    }

    // The finisher of SplitMix64: no two inputs give the same eight bytes, and neighbours have nothing in common.
    private static byte[] Scattered(int round, int number)
    {
        unchecked
        {
            var bits = (((ulong)(uint)round << 32) | (uint)number) * 0x9E3779B97F4A7C15;
            bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
            return BitConverter.GetBytes(bits ^ (bits >> 31));
        }
    }

    private readonly record struct Sent(int Video, int Number, DateTime Time)
    {
        public void Write(Utf8JsonWriter json, VideoId[] videos, int round)
        {
            json.WriteStartObject();
            json.WriteString("videoId"u8, videos[Video].Value);
            json.WriteString("id"u8, Convert.ToHexStringLower(Scattered(round, Number)));
            json.WriteString("timestamp"u8, Time);
            json.WriteEndObject();
        }
    }
}
