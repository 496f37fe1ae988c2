namespace Orleans.Counter.EventHubs;

/// <summary>How long the service may take to answer.</summary>
internal sealed class Deadline(TimeSpan timeout, TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Waits; the work itself goes on if the wait ends.</summary>
    /// <exception cref="EventHubsException"><see cref="EventHubsFailure.ServiceTimeout"/>.</exception>
    public async Task<T> For<T>(Task<T> work, string doing, CancellationToken cancellationToken = default)
    {
        try
        {
            return await work.WaitAsync(Timeout, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw TimedOut(doing, exception);
        }
    }

    public EventHubsException TimedOut(string doing, Exception exception) =>
        new(EventHubsFailure.ServiceTimeout, $"{doing}: no answer within {Timeout}.", exception);
}
