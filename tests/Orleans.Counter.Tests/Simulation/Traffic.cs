using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>What clients send in one schedule: new events, late ones, repeats of events and of whole frames, and what is no frame.</summary>
internal sealed class Traffic(World world, int partitions)
{
    /// <summary>Who packs all frames.</summary>
    public const ulong Writer = 7;

    public static readonly IReadOnlyList<string> Types = ["view", "like", "watch_seconds"];
    private static readonly VideoId[][] Videos = [.. Enumerable.Range(0, 2).Select(VideosOf)];

    private readonly List<(int Partition, ulong Number, EventData Data, IReadOnlyList<Event> Events)> _frames = [];
    private readonly int _videos = 1 + world.Random.Next(3);
    private int _ids;

    public List<Sent> Log { get; } = [];

    /// <summary>Puts one message into a log.</summary>
    public void Send(SimHub hub, int era)
    {
        var enqueued = world.Now - (TimeSpan.FromSeconds(30) * Math.Pow(world.Random.NextDouble(), 3)); // The hub's clock may step back a little.
        var (partition, number, data, events) = world.Random.Next(20) switch
        {
            0 => (world.Random.Next(partitions), 0, new EventData("no frame"u8.ToArray(), new Dictionary<string, object> { ["events"] = Recount.PoisonEvents }), []),
            < 4 when _frames.Count > 0 => _frames[Recent(_frames.Count)],
            _ => Frame(enqueued),
        };
        var appended = hub.Append(partition, enqueued, data);
        Log.Add(new(partition, Position.Of(era, appended.SequenceNumber), enqueued, number, events));
        world.Say(() => $"message {appended.SequenceNumber} of partition {partition}: {string.Join(", ", events.Select(one => $"{one.Video} {one.Type} {one.Id} {one.Time:HH:mm}"))}");
    }

    /// <summary>One that may be in this schedule's messages.</summary>
    public VideoId AnyVideo() => AnyVideo(world.Random.Next(partitions));

    private VideoId AnyVideo(int partition) => world.Any(Videos[partition].Take(2 * _videos).ToArray());

    private (int Partition, ulong Number, EventData Data, IReadOnlyList<Event> Events) Frame(DateTimeOffset now)
    {
        var partition = world.Random.Next(partitions);
        Event[] events = [.. Enumerable.Range(0, 1 + world.Random.Next(4)).Select(_ => NewOrAgain(partition, now))];
        var frame = Events.Frame(events);
        (frame.Writer, frame.Number) = (Writer, (ulong)_frames.Count + 1);
        _frames.Add((partition, frame.Number, frame.Data(), events));
        return _frames[^1];
    }

    private Event NewOrAgain(int partition, DateTimeOffset now)
    {
        if (_frames.Count > 0 && world.Random.Next(4) == 0 && _frames[Recent(_frames.Count)] is var earlier && earlier.Partition == partition) return world.Any(earlier.Events);
        var late = world.Random.Next(8) == 0 ? TimeSpan.FromMinutes(world.Random.Next(180)) : TimeSpan.FromSeconds(world.Random.Next(90));
        var video = AnyVideo(partition);
        var id = world.Random.Next(3) == 0 ? null : (++_ids).ToString(CultureInfo.InvariantCulture);
        return new(video, now - late, world.Any(Types), id, world.Random.Next(2) == 0 ? 1 : world.Random.Next(-3, 10));
    }

    private int Recent(int count) => Math.Max(0, count - 1 - world.Random.Next(6));

    // Of both shards of the partition in turn.
    private static VideoId[] VideosOf(int partition)
    {
        var all = Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"v{number}"));
        var shards = Shard.All.Where(shard => shard.Partition(SimHub.PartitionCount) == partition).Select(shard => all.Where(video => Shard.Of(video) == shard).Take(3).ToArray()).ToArray();
        return [.. Enumerable.Range(0, 3).SelectMany(number => shards.Select(videos => videos[number]))];
    }
}
