using Orleans.Runtime.Providers;

namespace Orleans.Counter.EventHubStreams;

/// <summary>The wait before a failed delivery is tried again: 100 ms more each time, up to a second. A consumer that went back asks for its place in the next try.</summary>
internal sealed class ShortBackoff : IMessageDeliveryBackoffProvider
{
    public TimeSpan Next(int attempt) => TimeSpan.FromMilliseconds(Math.Clamp(attempt * 100, 100, 1000));
}
