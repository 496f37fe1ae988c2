using System.Globalization;
using System.Runtime.CompilerServices;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Streaming;

/// <summary>Reads a part of the log again, beside the readers that count, and takes nothing away from them.</summary>
internal sealed class LogAgain(IEventHub hub)
{
    private const int MessagesAtOnce = 100;

    /// <summary>What the hub holds of a partition now.</summary>
    /// <exception cref="EventHubsException"/>
    public Task<PartitionProperties> Holds(int partition, CancellationToken cancellationToken) => hub.GetPartitionProperties(Id(partition), cancellationToken);

    /// <summary>The messages of a partition from a place on. Ends with the first one that is this one or later: there has to be one.</summary>
    /// <exception cref="EventHubsException"/>
    public async IAsyncEnumerable<ReceivedEvent> Read(int partition, EventPosition from, long through, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = hub.OpenReader(Id(partition), from, ownerLevel: null);
        while (true)
            foreach (var message in await reader.Receive(MessagesAtOnce, cancellationToken))
            {
                yield return message;
                if (message.SequenceNumber >= through) yield break;
            }
    }

    private static string Id(int partition) => partition.ToString(CultureInfo.InvariantCulture);
}
