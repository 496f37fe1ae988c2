using System.Globalization;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Asks, as a client does with the token of its write, whether events can be seen, and compares every yes with a recount of the log up to them.</summary>
internal sealed class Witness(World world, SimTables tables, Traffic traffic)
{
    private readonly List<(DateTimeOffset At, VideoId Video, string Type, long Count)> _held = [];
    private readonly List<(DateTimeOffset At, VideoId Video)> _replaced = [];
    private readonly List<string> _lies = [];

    /// <summary>A message that was sent is asked for, mostly one of the last.</summary>
    public void Ask(SimCluster cluster, int era)
    {
        var frames = traffic.Log.Where(sent => sent.Position.Era == era && sent.Events.Count > 0).ToList();
        if (frames.Count == 0) return;
        var sent = frames[Math.Max(0, frames.Count - 1 - world.Random.Next(world.Random.Next(3) == 0 ? frames.Count : 3))];
        _ = Ask(cluster, world.Any(sent.Events).Video, sent.Number);
    }

    /// <summary>A video was found to hold what its shard gave it: this is what it holds at that moment.</summary>
    /// <param name="video">The activation that was asked.</param>
    /// <param name="isKnown">
    /// False if it is an old one. It may lack what the one that took its place has stored, and the version of the row shows that only when it stores: until then its answers are wrong, whoever asks.
    /// </param>
    public async Task Holds(IVideoGrain video, bool isKnown)
    {
        var id = VideoId.Parse(((Grain)video).GrainContext.GrainId.Key.ToString()!);
        if (!isKnown) _replaced.Add((world.Now, id));
        foreach (var type in Traffic.Types)
            _held.Add((world.Now, id, type, (await video.Recent(EventType.Parse(type))).Total.Count));
    }

    /// <summary>A shard says that a frame can be seen: its events stand in the video's row, or the video was found to hold them since it was asked.</summary>
    public void Sees(VideoId video, ulong number, DateTimeOffset asked)
    {
        if (_replaced.Any(one => one.At >= asked && one.Video == video)) return;
        var first = traffic.Log.First(sent => sent.Number == number && sent.Events.Any(one => one.Video == video));
        var recount = Recount.Of(traffic.Log.Where(sent => sent.Position <= first.Position && sent.Partition == first.Partition), [], []);
        var row = tables.Row(TableLayout.Table(Shard.Of(video)), TableLayout.PartitionKey(Shard.Of(video)), TableLayout.VideoKey(video));
        var stored = row is null ? [] : RowCodec.DecodeVideo(row).Totals;
        foreach (var type in first.Events.Where(one => one.Video == video).Select(one => one.Type).Distinct())
        {
            var needed = recount.Totals.GetValueOrDefault(Recount.TotalOf(video, type)).Count;
            var held = _held.Where(one => one.At >= asked && one.Video == video && one.Type == type).Select(one => one.Count)
                .Append(stored.FirstOrDefault(total => total.Type.Value == type).Total.Count).Max();
            world.Say(() => $"frame {number} of {video} {type} is seen: {held} of {needed}");
            if (held < needed) _lies.Add(string.Create(CultureInfo.InvariantCulture, $"frame {number} of {video} was said to be seen at {world.Now:HH:mm:ss}, and {held} {type} of {needed} could be"));
        }
    }

    /// <summary>All that was wrong. Now that nothing fails any more, every message can be seen, however long ago it was sent, and whoever has forgotten it.</summary>
    public IReadOnlyList<string> InTheEnd(SimCluster cluster, int era)
    {
        var unseen = traffic.Log.Where(sent => sent.Position.Era == era && sent.Events.Count > 0).TakeLast(4).ToList();
        for (var times = 0; times < 10 && unseen.Count > 0; times++)
        {
            var asking = unseen.Select(sent => (Sent: sent, Answer: Ask(cluster, sent.Events[0].Video, sent.Number))).ToList();
            world.Run(() => asking.All(one => one.Answer.IsCompleted), TimeSpan.FromHours(1));
            unseen = [.. asking.Where(one => !one.Answer.IsCompletedSuccessfully || !one.Answer.Result).Select(one => one.Sent)];
        }

        return [.. _lies, .. unseen.Select(sent => $"frame {sent.Number} is never seen")];
    }

    private Task<bool> Ask(SimCluster cluster, VideoId video, ulong number)
    {
        var shard = (IShardGrain)cluster.Reference(GrainId.Create(SimCluster.ShardType, Shard.Of(video).ToString()), owner: null);
        var answer = false;
        var asking = new Turns(world).Run(async () => answer = await shard.Sees(video, Traffic.Writer, default(FrameNumbers).With(number)));
        return asking.ContinueWith(asked => asked.IsCompletedSuccessfully && answer, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
