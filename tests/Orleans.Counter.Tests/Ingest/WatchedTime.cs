using Microsoft.Extensions.Time.Testing;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>A clock that only the test moves, and that tells when somebody has begun to wait.</summary>
internal sealed class WatchedTime() : FakeTimeProvider(Noon)
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _waits = [];
    private TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_lock)
        {
            _waits.Add(dueTime);
            _begun.SetResult();
            _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return timer;
    }

    /// <summary>Returns when somebody waits for exactly so long.</summary>
    public async Task IsAwaited(TimeSpan wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task begun;
            lock (_lock)
            {
                if (_waits.Remove(wait)) return;
                begun = _begun.Task;
            }

            await begun.WaitAsync(cancellationToken);
        }
    }
}
