using Azure;

namespace Orleans.Counter.Storage;

/// <summary>Waits for a storage that is away: what may pass is tried again, with growing pauses, for as long as the caller has patience.</summary>
internal sealed partial class Patience(TimeProvider clock, ILogger<Patience> logger, Random? random = null)
{
    private readonly Random _random = random ?? Random.Shared;

    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    /// <summary>What time it is for those who wait.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>True if the same request may succeed later: no answer, throttled, or a fault of the service. The outcome of a write is then unknown.</summary>
    public static bool MayPass(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        RequestFailedException failed => failed.Status is 0 or 408 or 429 or >= 500,
        AggregateException several => several.InnerExceptions.All(inner => MayPass(inner, cancellationToken)),
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // the client's own time-out
        IOException or HttpRequestException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Calls with the number of the attempt, from 0, until it succeeds or fails for good.</summary>
    public async Task<T> Until<T>(Func<int, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call(attempt);
            }
            catch (Exception exception) when (MayPass(exception, cancellationToken))
            {
                LogTryingAgain(exception.Message, attempt);
                await Pause(attempt, cancellationToken);
            }
        }
    }

    /// <summary>A tenth of a second, then twice as long each time, up to five seconds; spread, so that not everyone comes back at once.</summary>
    public Task Pause(int attempt, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(Math.Min(PauseMax.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(attempt, 10))));
        return Task.Delay(pause * (0.5 + (_random.NextDouble() / 2)), clock, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage did not answer as it should ({Reason}); attempt {Attempt} will be made again.")]
    private partial void LogTryingAgain(string reason, int attempt);
}
