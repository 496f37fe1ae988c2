namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>Pauses take a fiftieth of the time that they should: a store that has to be patient is so at once.</summary>
internal sealed class HurriedTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 50 : dueTime, period);
}
