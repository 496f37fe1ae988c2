using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Orleans.Counter.Tests.Cli;

/// <summary>A clock that stands still until somebody waits for it, and then moves by exactly what he waits for.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Wait(dueTime);
        return new SeenTimer(timer, Wait);
    }

    /// <summary>Lets one wait of exactly this length pass.</summary>
    public async Task Pass(TimeSpan wait, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10)); // nobody waits for this long: the test is wrong, and should say so
        while (await _waits.Reader.ReadAsync(patience.Token) != wait)
        {
        }
        Advance(wait);
    }

    /// <summary>Lets all waits pass, one after the other, until the task has ended or this time is over.</summary>
    public async Task Run(Task until, TimeSpan atMost)
    {
        var end = GetUtcNow() + atMost;
        while (GetUtcNow() < end)
        {
            var wait = _waits.Reader.WaitToReadAsync().AsTask();
            if (await Task.WhenAny(wait, until) == until) return;
            if (_waits.Reader.TryRead(out var dueTime)) Advance(dueTime);
        }
    }

    private void Wait(TimeSpan dueTime)
    {
        if (dueTime > TimeSpan.Zero) _waits.Writer.TryWrite(dueTime);
    }

    // A pooled timer is made once, and set for every wait anew.
    private sealed class SeenTimer(ITimer timer, Action<TimeSpan> wait) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            wait(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
