using CsCheck;
using Google.Protobuf;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Streaming;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

public sealed class FrameReaderTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<Event> Event =
        from video in Gens.Video
        from type in Gens.Type
        from minutes in Gen.Int[-300, 300]
        from id in Gen.OneOf(Gen.Const((string?)null), Gen.Int[0, 9].Select(id => (string?)$"id{id}"))
        from value in Gen.OneOf(Gen.Const(1.0), Gen.Int[-5, 5].Select(value => (double)value))
        select new Event(video, Noon.AddMinutes(minutes), type.Value, id, value);

    [Fact]
    public void Folding_a_message_loses_nothing_and_makes_nothing_up() =>
        Event.Array[1, 60].Sample(events =>
        {
            var reader = new FrameReader();
            Assert.Null(reader.Read(Received(Events.Frame(events))));

            var folded = new MessageFold().Fold(reader, Position.Of(0, 3), null, _ => false).ToList();

            Assert.Equal(folded.Count, folded.DistinctBy(entries => entries.Video).Count());
            var expected = events.GroupBy(one => (one.Video, Type: EventType.Parse(one.Type), Minute: Minute.Of(one.Time)))
                .ToDictionary(group => group.Key, group => group.Aggregate(Cell.Nothing, (sum, one) => sum + Cell.One(one.Value)));
            var found = folded.SelectMany(entries => entries.Entries.Select(entry => ((entries.Video, entry.Type, entry.Minute), entry.Cell))).ToDictionary();
            Assert.Equal(expected.OrderBy(one => one.Key.ToString()), found.OrderBy(one => one.Key.ToString()));
        });

    [Fact]
    public void Folding_counts_every_event_once_as_new_as_a_repeat_or_as_set_aside() =>
        Gen.Select(Event.Array[1, 40], Gen.Bool.Array[40], Gen.Int[-300, 300]).Sample((events, repeats, limit) =>
        {
            var reader = new FrameReader();
            Assert.Null(reader.Read(Received(Events.Frame(events))));
            bool IsSetAside(Minute minute) => minute < Minute.Of(Noon.AddMinutes(limit));

            var entries = new MessageFold().Fold(reader, Position.Of(0, 3), new(repeats), IsSetAside).SelectMany(video => video.Entries).ToList();

            Assert.Equal(events.Where((_, index) => repeats[index]).Count(), entries.Sum(entry => entry.Duplicates));
            Assert.Equal(events.Where((one, index) => !repeats[index] && !IsSetAside(Minute.Of(one.Time))).Count(), entries.Sum(entry => entry.Cell.Count));
            Assert.Equal(events.Where((one, index) => !repeats[index] && IsSetAside(Minute.Of(one.Time))).Count(), entries.Sum(entry => entry.DeadLettered));
            Assert.All(entries, entry => Assert.True(entry.Cell.Count + entry.Duplicates + entry.DeadLettered > 0));
        });

    [Fact]
    public void Columns_that_hold_only_their_defaults_may_be_missing()
    {
        var frame = Events.Frame(new Event(VideoId.Parse("a"), Noon), new Event(VideoId.Parse("b"), Noon));
        frame.Type.Clear();
        frame.Id.Clear();
        frame.Time.Clear();
        var reader = new FrameReader();

        Assert.Null(reader.Read(Received(frame)));

        Assert.Equal([new FrameEvent(0, 0, 0, Noon.ToUnixTimeMilliseconds(), 1), new FrameEvent(1, 0, 0, Noon.ToUnixTimeMilliseconds(), 1)], reader.Events());
    }

    public static TheoryData<string, string> Broken { get; } = new()
    {
        { "version", "version 2" }, { "writer", "no writer" }, { "empty", "no events" }, { "times", "times" }, { "types", "types" }, { "ids", "ids" }, { "values", "values" },
        { "video", "breaks the rule" }, { "type", "breaks the rule" }, { "video index", "names 1" }, { "type index", "names 1" }, { "valued", "do not rise" },
        { "nan", "finite" }, { "far", "between the years" }, { "overflow", "between the years" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void What_no_ingest_can_have_written_is_refused_with_its_reason(string what, string reason)
    {
        var frame = Events.Frame(new Event(VideoId.Parse("a"), Noon, Id: "1", Value: 2), new Event(VideoId.Parse("a"), Noon.AddSeconds(1), Id: "2"));
        switch (what)
        {
            case "version": frame.Version = 2; break;
            case "writer": frame.Writer = 0; break;
            case "empty": frame.Video.Clear(); break;
            case "times": frame.Time.RemoveAt(0); break;
            case "types": frame.Type.RemoveAt(0); break;
            case "ids": frame.Id.RemoveAt(0); break;
            case "values": frame.Value.Add(3); break;
            case "video": frame.Videos[0] = "a/b"; break;
            case "type": frame.Types_[0] = "View"; break;
            case "video index": frame.Video[1] = 1; break;
            case "type index": frame.Type[1] = 1; break;
            case "valued": frame.Valued[0] = 2; break;
            case "nan": frame.Value[0] = double.NaN; break;
            case "far": frame.Time[1] = 100_000_000_000_000; break;
            default: frame.BaseTime = long.MaxValue; break;
        }

        Assert.Contains(reason, new FrameReader().Read(Received(frame)), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_a_frame_or_are_refused() =>
        Gen.Byte.Array[0, 200].Sample(bytes => _ = new FrameReader().Read(new(0, Noon, bytes, true, new Dictionary<string, object>())));

    [Fact]
    public void A_frame_with_any_byte_changed_is_a_frame_or_is_refused() =>
        Gen.Select(Event.Array[1, 20], Gen.Int[0, 10_000], Gen.Byte).Sample((events, place, value) =>
        {
            var bytes = Events.Frame(events).ToByteArray();
            bytes[place % bytes.Length] = value;
            var reader = new FrameReader();
            if (reader.Read(new(0, Noon, bytes, true, new Dictionary<string, object>())) is null) Assert.Equal(reader.Count, new MessageFold().Fold(reader, Position.Of(0, 0), null, _ => false).Sum(video => video.Entries.Sum(entry => entry.Cell.Count)));
        });

    private static ReceivedEvent Received(Frame frame) => new(0, Noon, frame.ToByteArray(), true, new Dictionary<string, object>());
}
