using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Cli.Hub;

/// <summary>Shows events of an event hub, a partition after the other; or of all at once, as they come.</summary>
internal sealed class HubPeek(OpenHub hub, TextWriter output, bool json)
{
    private readonly Lock _lock = new();

    public async Task<int> Show(string? partition, PeekFrom from, int count, bool follows, CancellationToken cancellationToken)
    {
        var ids = partition is null ? (await hub.Properties(cancellationToken)).PartitionIds : [partition];
        if (follows) await Task.WhenAll(ids.Select(id => ShowOne(id, from, count, follows, cancellationToken)));
        else foreach (var id in ids) await ShowOne(id, from, count, follows, cancellationToken);
        return 0;
    }

    private async Task ShowOne(string partition, PeekFrom from, int count, bool follows, CancellationToken cancellationToken)
    {
        var now = await hub.Properties(partition, cancellationToken);
        if (!follows && !from.IsThere(now)) return; // Nothing would come, and nobody would say so.
        await using var reader = hub.Read(partition, from.In(now, count));
        for (var shown = 0; follows || shown < count;)
        {
            foreach (var received in await reader.Receive(follows ? 100 : count - shown, cancellationToken))
            {
                Write(partition, received);
                shown++;
                if (!follows && received.SequenceNumber >= now.LastSequenceNumber) return;
            }
        }
    }

    private void Write(string partition, ReceivedEvent received)
    {
        lock (_lock)
        {
            if (json) output.WriteLine(EventText.Json(partition, received));
            else foreach (var line in EventText.Lines(partition, received)) output.WriteLine(line);
        }
    }
}
