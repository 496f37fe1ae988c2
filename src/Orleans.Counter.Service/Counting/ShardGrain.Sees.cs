using System.Globalization;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;

namespace Orleans.Counter.Counting;

// Who asks waits beside the ranges, and is woken by each. The shard knows the frames that it has counted since it woke up. For one that it does not know, and that does not come, it asks
// the hub where the log ends: the frame was in the log before anyone could ask for it, so a shard that has counted up to there has counted it.
internal sealed partial class ShardGrain
{
    private static readonly TimeSpan SeesWithin = TimeSpan.FromSeconds(5);

    // Nearly every frame comes sooner.
    private static readonly TimeSpan AsksTheHubAfter = TimeSpan.FromMilliseconds(500);

    private readonly CountedFrames _frames = new();
    private TaskCompletionSource? _moved;
    private bool _isLeaving;

    public async ValueTask<Position?> Sees(VideoId video, ulong writer, FrameNumbers frames, CancellationToken cancellationToken)
    {
        if (!await IsTrue(() => _frames.Hold(writer, frames), AsksTheHubAfter, cancellationToken))
        {
            if (_goesBack || _isLeaving) return null; // Who takes its place can say it.
            var end = await EndOfLog(cancellationToken);
            if (!await IsTrue(() => _frames.Hold(writer, frames) || end <= _counted, SeesWithin - AsksTheHubAfter, cancellationToken)) return null;
        }

        return await Holds(video);
    }

    /// <summary>Waits until something is true of what has been counted; false if it is not in time, or if the shard goes before.</summary>
    private async Task<bool> IsTrue(Func<bool> condition, TimeSpan within, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(within, clock);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (!_goesBack && !_isLeaving)
        {
            if (condition()) return true;
            if (stopping.IsCancellationRequested) return false;
            await (_moved ??= new()).Task.WaitAsync(stopping.Token).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    /// <summary>Where the log ends; null, which nothing has counted up to, if the hub does not say it.</summary>
    private async Task<Position?> EndOfLog(CancellationToken cancellationToken)
    {
        try
        {
            var partition = Shard.Partition(log.PartitionCount).ToString(CultureInfo.InvariantCulture);
            return Position.Of(log.Era, await ends.End(partition).WaitAsync(cancellationToken));
        }
        catch (EventHubsException failure)
        {
            LogEndUnknown(Shard, failure.Message);
            return null;
        }
    }

    /// <summary>Up to where the video has what it was given; null if it lost something. If nothing is known of it, its row has everything.</summary>
    private async Task<Position?> Holds(VideoId id)
    {
        if (!_videos.TryGetValue(id, out var video)) return Position.Start;
        try
        {
            var given = video.Given;
            await video.Check();
            return given;
        }
        catch (GoesBackException lost)
        {
            if (!_goesBack) GoBack(lost);
            return null;
        }
    }

    private void Count(EventHubRange range)
    {
        foreach (var item in range.Items)
            if (item is Tally { Writer: > 0 } tally && tally.Position > _counted) _frames.Add(tally.Writer, tally.Number, tally.Position);
    }

    // Those who wait may go on at once, here: nothing may come after this that they must not see undone.
    private void Moved()
    {
        var moved = _moved;
        _moved = null;
        moved?.SetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} is asked for frames that it does not know, and the hub does not say where the log ends: {Reason}")]
    private partial void LogEndUnknown(Shard shard, string reason);
}
