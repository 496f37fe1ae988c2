namespace Orleans.Counter.Dev.Hubs;

/// <summary>How many bytes may wait for the disk. Beyond it nothing more is read from the sockets of publishers until some were written.</summary>
internal sealed class IntakeBudget(long bytesMax)
{
    private readonly Lock _gate = new();
    private long _bytes;
    private TaskCompletionSource? _below;

    public void Take(long bytes)
    {
        lock (_gate)
        {
            _bytes += bytes;
            if (_bytes > bytesMax)
                _below ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Return(long bytes)
    {
        TaskCompletionSource? below = null;
        lock (_gate)
        {
            _bytes -= bytes;
            if (_bytes <= bytesMax)
                (below, _below) = (_below, null);
        }

        below?.SetResult();
    }

    public Task WhenBelow()
    {
        lock (_gate)
            return _below?.Task ?? Task.CompletedTask;
    }
}
