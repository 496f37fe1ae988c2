using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class FrameTests : IAsyncLifetime
{
    private static readonly Gen<string> Video = Gen.OneOf(Gen.Int[0, 30].Select(n => $"video-{n}"), Gen.String[Gen.Char["abcAB_-09"], 1, 64]);
    private static readonly Gen<string?> Type = Gen.OneOf(Gen.Const((string?)null), Gen.Const((string?)"view"), Gen.Const((string?)"like"), Gen.Const((string?)"watch_seconds"));
    private static readonly Gen<string?> Id = Gen.Frequency((1, Gen.Const((string?)null)), (3, Gen.String[Gen.Char[' ', '~'], 1, 128].Select(id => (string?)id)));
    private static readonly Gen<int?> SecondsAgo = Gen.Frequency((1, Gen.Const((int?)null)), (3, Gen.Int[-300, 604_800].Select(s => (int?)s)));
    private static readonly Gen<double?> Value = Gen.Frequency((3, Gen.Const((double?)null)), (1, Gen.Const((double?)1)), (2, Gen.Double[-1e9, 1e9].Select(v => (double?)v)));
    private static readonly Gen<Given> Event = Gen.Select(Video, Type, Id, SecondsAgo, Value, Gen.Int[0, 9], (v, t, i, s, x, broken) => new Given(v, t, i, s, x, broken == 0));

    private IngestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IngestHost.Start(("Ingest:FrameBytesMax", "4096"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_frames_hold_exactly_the_accepted_events_each_in_its_videos_partition()
    {
        var sent = new List<SentEvent>();
        await Event.List[1, 400].SampleAsync(
            async batch =>
            {
                var good = batch.Where(given => !given.Broken).Select(given => given.Expected()).ToList();
                var answer = await _host.PostEvents(JsonSerializer.Serialize(new { events = batch.Select(given => given.Json()) }));
                if (good.Count > 0) answer.IsAccepted(good.Count, string.Join(", ", batch.Index().Where(one => one.Item.Broken).Select(one => $"{one.Index} invalid_video_id")));
                sent.AddRange(good);
            },
            iter: 40,
            threads: 1);

        var writers = new HashSet<ulong>();
        foreach (var partition in _host.Hub.Messages().GroupBy(one => one.Partition, one => one.Message))
        {
            Assert.Equal(Enumerable.Range(1, partition.Count()).Select(n => (ulong)n), partition.Select(message => message.Frame().Number));
            foreach (var message in partition)
            {
                var frame = message.Frame();
                writers.Add(frame.Writer);
                Assert.Equal((1u, frame.Video.Count), (frame.Version, message.EventsProperty()));
                Assert.Equal(frame.Videos.Order(), frame.Events().Select(one => one.Video).Distinct().Order()); // each once, and none of another frame
                Assert.Equal(frame.Types_.Order(), frame.Events().Select(one => one.Type).Distinct().Order());
                Assert.InRange(message.Body.Length, 1, 4096);
            }

            // Within a partition the order of the requests stands, too.
            Assert.Equal(
                sent.Where(one => Shard.Of(VideoId.Parse(one.Video)).Partition(_host.Hub.PartitionIds.Count) == partition.Key),
                partition.SelectMany(message => message.Frame().Events()));
        }

        Assert.Equal(sent.Count, _host.Hub.Events().Count);
        Assert.Single(writers);
    }

    [Fact]
    public async Task What_all_events_share_is_not_sent()
    {
        await _host.PostEvents("""{"events":[{"videoId":"v"},{"videoId":"v","value":1}]}""");

        var frame = Assert.Single(_host.Hub.Messages()).Message.Frame();
        Assert.Equal((2, 0, 0, 0, 0), (frame.Video.Count, frame.Type.Count, frame.Id.Count, frame.Time.Count, frame.Value.Count));
        Assert.Equal(("v", "view"), (Assert.Single(frame.Videos), Assert.Single(frame.Types_)));
    }

    internal sealed record Given(string Video, string? Type, string? Id, int? SecondsAgo, double? Value, bool Broken)
    {
        private DateTimeOffset Time => WatchedTime.Noon.AddSeconds(-SecondsAgo ?? 0);

        // A member that is not there and one that is null are not the same.
        public Dictionary<string, object> Json()
        {
            var json = new Dictionary<string, object> { ["videoId"] = Broken ? "not a video" : Video };
            if (Type is not null) json["type"] = Type;
            if (Id is not null) json["id"] = Id;
            if (SecondsAgo is not null) json["timestamp"] = Time.ToOffset(TimeSpan.FromHours(SecondsAgo.Value % 12)).ToString("O", CultureInfo.InvariantCulture);
            if (Value is not null) json["value"] = Value;
            return json;
        }

        public SentEvent Expected()
        {
            var type = Type ?? "view";
            var id = Id is null ? IdHash.None : IdHash.Of(Encoding.ASCII.GetBytes(type), Encoding.ASCII.GetBytes(Id));
            return new(Video, type, id, Time.ToUnixTimeMilliseconds(), Value ?? 1);
        }
    }
}
