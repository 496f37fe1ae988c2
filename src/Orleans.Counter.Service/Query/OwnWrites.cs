using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Counting;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>Lets a question wait until it sees what its caller has written: <c>?ack=</c> with the <c>Counter-Ack</c> of the write.</summary>
internal sealed class OwnWrites(IGrainFactory grains, TimeProvider clock)
{
    /// <summary>What may be answered to a question with a token.</summary>
    public static readonly string[] Codes = ["invalid_token", "not_visible_yet"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(100);
    private const string RetryAfterSeconds = "1";

    /// <summary>Costs nothing without a token, or if it is about other shards; else a call to the shard of each video.</summary>
    /// <param name="token">What the caller gave; null if nothing.</param>
    /// <param name="videos">What it asks about.</param>
    /// <param name="response">Is told when to ask again.</param>
    /// <param name="answer">Answers the question, and holds what each video says against what has to be inside; it is asked again if that is not so.</param>
    /// <param name="cancellationToken">The caller has gone.</param>
    /// <returns>The answer, or the problem that there is none.</returns>
    public async Task<(T? Answer, ProblemHttpResult? Problem)> Answer<T>(
        string? token, IReadOnlyList<VideoId> videos, HttpResponse response, Func<Seen, Task<T>> answer, CancellationToken cancellationToken) where T : class
    {
        if (token is null) return (await answer(Seen.Anything), null);
        if (CounterAck.Read(token) is not { } ack)
            return (null, ApiProblem.Of(StatusCodes.Status400BadRequest, "invalid_token", $"'ack' is no token of this service; it is the header {CounterAck.Header} of an answer that accepted events, unchanged."));
        using var patience = new CancellationTokenSource(Patience, clock);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (true)
        {
            var seen = await Task.WhenAll(videos.Select(video => Sees(video, ack, stopping.Token)));
            cancellationToken.ThrowIfCancellationRequested();
            if (seen.Contains(null)) break;
            try
            {
                return (await answer(new(videos.Zip(seen))), null);
            }
            catch (LostAgainException)
            {
                await Task.Delay(AgainAfter, clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its shard finds that out, too, when it is asked again.
            }
        }

        response.Headers.RetryAfter = RetryAfterSeconds;
        return (null, ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "not_visible_yet", "The events of this token are in the log, and cannot be seen yet. Ask again with the same token."));
    }

    private async Task<Position?> Sees(VideoId video, CounterAck ack, CancellationToken stopping)
    {
        var shard = Shard.Of(video);
        if (ack.Of(shard) is not { } frames) return Position.Start;
        while (true)
        {
            try
            {
                if (await grains.GetGrain<IShardGrain>(shard.ToString()).Sees(video, ack.Writer, frames, stopping).AsTask().WaitAsync(stopping) is { } through) return through;
                await Task.Delay(AgainAfter, clock, stopping); // It is about to go: the next call reaches whoever takes its place.
            }
            catch (Exception failure) when (failure is OrleansException or TimeoutException or StaleWriterException && !stopping.IsCancellationRequested)
            {
                // Its silo has gone, or its video has moved: as above. If that does not end, the answer says that there is nothing to see yet.
                await Task.Delay(AgainAfter, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return null;
            }
        }
    }
}

/// <summary>How far into the log the answers of some videos have to reach, so that their caller sees its own writes.</summary>
/// <remarks>Between a shard's word and a video's answer the video may be lost, and wake up again with less; or an activation that was replaced may be asked.</remarks>
internal sealed class Seen(IEnumerable<(VideoId Video, Position? Through)> videos)
{
    /// <summary>The caller has no token: whatever a video says is right.</summary>
    public static readonly Seen Anything = new([]);

    private readonly Dictionary<VideoId, Position> _through = videos.GroupBy(one => one.Video).ToDictionary(one => one.Key, one => one.First().Through ?? Position.Start);

    /// <summary>Holds an answer against what has to be inside.</summary>
    /// <param name="video">Who answers.</param>
    /// <param name="position">Everything in the log up to here is inside of the answer.</param>
    /// <exception cref="LostAgainException">It is not enough.</exception>
    public void Check(VideoId video, Position position)
    {
        if (position < _through.GetValueOrDefault(video)) throw new LostAgainException(video, position);
    }
}

/// <summary>A video answers with less than it has shown before.</summary>
internal sealed class LostAgainException(VideoId video, Position position) : Exception($"The video {video} has been further than {position}.");
