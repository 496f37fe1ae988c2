using System.Threading.Channels;

namespace Orleans.Counter.Dev;

/// <summary>Lets one loop sleep until it is time, or until somebody wakes it. A call while it is awake is not lost.</summary>
internal sealed class Alarm(TimeProvider time)
{
    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Never waits.</summary>
    public void Wake() => _calls.Writer.TryWrite(true);

    /// <exception cref="OperationCanceledException"/>
    public async Task Sleep(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await using var timer = time.CreateTimer(_ => Wake(), null, atMost, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        await _calls.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }
}
