namespace Orleans.Counter.Tests;

/// <summary>The system's clock, set forward: what waits goes on waiting in real time, what looks at the time sees a later one.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long _ahead;

    public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
