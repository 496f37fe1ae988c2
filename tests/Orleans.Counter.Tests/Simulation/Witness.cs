using System.Globalization;
using Orleans.Counter.Counting;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Asks, as a client does with the token of its write, and compares every answer with a recount of the log up to what was written.</summary>
internal sealed class Witness(World world, Traffic traffic)
{
    private readonly HashSet<VideoId> _replaced = [];
    private readonly List<string> _lies = [];

    /// <summary>A message that was sent is asked for, mostly one of the last.</summary>
    public void Ask(SimCluster cluster, int era)
    {
        var frames = traffic.Log.Where(sent => sent.Position.Era == era && sent.Events.Count > 0).ToList();
        if (frames.Count == 0) return;
        var sent = frames[Math.Max(0, frames.Count - 1 - world.Random.Next(world.Random.Next(3) == 0 ? frames.Count : 3))];
        _ = Ask(cluster, world.Any(sent.Events).Video, sent.Number);
    }

    /// <summary>
    /// A question reaches an old activation. It may lack what the one that took its place has stored, and the version of the row shows that only when it stores: a shard that has begun
    /// anew since cannot know it. Until then its answers are wrong, whoever asks.
    /// </summary>
    public void IsAskedOfAReplacedOne(VideoId video) => _replaced.Add(video);

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

    // Whether it was seen. As the service does, it asks the shard, and then the video, whose answer has to reach as far as the shard says.
    private Task<bool> Ask(SimCluster cluster, VideoId video, ulong number)
    {
        var shard = (IShardGrain)cluster.Reference(GrainId.Create(SimCluster.ShardType, Shard.Of(video).ToString()), owner: null);
        var grain = (IVideoGrain)cluster.Reference(GrainId.Create("video", video.Value), owner: null);
        var isSeen = false;
        var asking = new Turns(world).Run(async () =>
        {
            if (await shard.Sees(video, Traffic.Writer, default(FrameNumbers).With(number)) is not { } through) return;
            foreach (var type in traffic.Log.First(sent => sent.Number == number).Events.Where(one => one.Video == video).Select(one => one.Type).Distinct())
            {
                _replaced.Remove(video);
                var recent = await grain.Recent(EventType.Parse(type));
                if (recent.Position < through) return;
                if (!_replaced.Contains(video)) Compare(video, type, number, recent.Total.Count);
            }

            isSeen = true;
        });
        return asking.ContinueWith(asked => asked.IsCompletedSuccessfully && isSeen, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Compare(VideoId video, string type, ulong number, long held)
    {
        var sent = traffic.Log.First(sent => sent.Number == number);
        var recount = Recount.Of(traffic.Log.Where(other => other.Position <= sent.Position && other.Partition == sent.Partition), [], []);
        var needed = recount.Totals.GetValueOrDefault(Recount.TotalOf(video, type)).Count;
        world.Say(() => $"frame {number} of {video} {type} is seen: {held} of {needed}");
        if (held < needed) _lies.Add(string.Create(CultureInfo.InvariantCulture, $"frame {number} of {video} was said to be seen at {world.Now:HH:mm:ss}, and {held} {type} of {needed} could be"));
    }
}
