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
    /// <param name="cancellationToken">The caller has gone.</param>
    /// <returns>Null if everything can be seen now, else what to answer.</returns>
    public async Task<ProblemHttpResult?> Wait(string? token, IReadOnlyList<VideoId> videos, HttpResponse response, CancellationToken cancellationToken)
    {
        if (token is null) return null;
        if (CounterAck.Read(token) is not { } ack)
            return ApiProblem.Of(StatusCodes.Status400BadRequest, "invalid_token", $"'ack' is no token of this service; it is the header {CounterAck.Header} of an answer that accepted events, unchanged.");
        using var patience = new CancellationTokenSource(Patience, clock);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var seen = await Task.WhenAll(videos.Select(video => Sees(video, ack, stopping.Token)));
        cancellationToken.ThrowIfCancellationRequested();
        if (seen.All(one => one)) return null;
        response.Headers.RetryAfter = RetryAfterSeconds;
        return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "not_visible_yet", "The events of this token are in the log, and cannot be seen yet. Ask again with the same token.");
    }

    private async Task<bool> Sees(VideoId video, CounterAck ack, CancellationToken stopping)
    {
        var shard = Shard.Of(video);
        if (ack.Of(shard) is not { } frames) return true;
        while (true)
        {
            try
            {
                if (await grains.GetGrain<IShardGrain>(shard.ToString()).Sees(video, ack.Writer, frames, stopping).AsTask().WaitAsync(stopping)) return true;
                await Task.Delay(AgainAfter, clock, stopping); // It is about to go: the next call reaches whoever takes its place.
            }
            catch (Exception failure) when (failure is OrleansException or TimeoutException or StaleWriterException && !stopping.IsCancellationRequested)
            {
                // Its silo has gone, or its video has moved: as above. If that does not end, the answer says that there is nothing to see yet.
                await Task.Delay(AgainAfter, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
