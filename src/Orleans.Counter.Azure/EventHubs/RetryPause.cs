namespace Orleans.Counter.EventHubs;

/// <summary>
/// How long to wait before the next attempt: doubles from failure to failure, with jitter, so that the readers of one hub do not return together.
/// </summary>
internal sealed class RetryPause
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    // What a throttled client is asked to wait.
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(4);

    private int _failures;

    public TimeSpan Length { get; private set; }

    public void Failed(EventHubsFailure failure)
    {
        var longest = First * Math.Pow(2, Math.Min(_failures++, 10));
        if (longest > Longest) longest = Longest;
        var jittered = longest * (0.5 + (Random.Shared.NextDouble() / 2));
        Length = failure == EventHubsFailure.ServiceBusy ? Busy + jittered : jittered;
    }

    public void Reset()
    {
        _failures = 0;
        Length = TimeSpan.Zero;
    }
}
