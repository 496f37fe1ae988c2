using System.Globalization;
using Amqp.Types;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>What <c>$management</c> knows: hubs and partitions.</summary>
internal static class Management
{
    public static Answer Read(Map request, Func<string, Hub?> find, Func<string, bool> allowed, FaultPlan faults)
    {
        if (!"READ".Equals(request["operation"] as string, StringComparison.OrdinalIgnoreCase))
            return new Answer(400, $"The operation '{request["operation"]}' is not known: only READ is.", Condition: "amqp:not-implemented");
        var name = request["name"] as string ?? "";
        if (!allowed(name))
            return Refused(401, Refusals.Unauthorized(name).Error);
        if (find(name) is not { } hub)
            return Refused(404, Refusals.NotFound(name).Error);
        var partition = Convert.ToString(request["partition"], CultureInfo.InvariantCulture) ?? "";
        if (faults.Next(FaultMoment.Read, hub.Name, EntityPath.Partition(partition, hub.Partitions.Count)) is { } fault)
            return Refused(503, FaultErrors.Of(fault));
        return request["type"] switch
        {
            "com.microsoft:eventhub" => new Answer(200, "OK", Describe(hub)),
            "com.microsoft:partition" => ReadPartition(hub, partition),
            var other => new Answer(400, $"The type '{other}' is not known.", Condition: "amqp:not-implemented"),
        };
    }

    private static Map Describe(Hub hub) => new()
    {
        ["name"] = hub.Name,
        ["type"] = "com.microsoft:eventhub",
        ["created_at"] = hub.CreatedAt.UtcDateTime,
        ["partition_count"] = hub.Partitions.Count,
        ["partition_ids"] = Enumerable.Range(0, hub.Partitions.Count).Select(id => id.ToString(CultureInfo.InvariantCulture)).ToArray(),
        ["georeplication_factor"] = 1,
    };

    private static Answer ReadPartition(Hub hub, string id)
    {
        if (EntityPath.Partition(id, hub.Partitions.Count) is not { } number)
            return Refused(400, Refusals.PartitionOutOfRange(hub.Name, id, hub.Partitions.Count).Error);
        var (begin, end) = (hub.Partitions[number].BeginSequence, hub.Partitions[number].End);
        return new Answer(200, "OK", new Map
        {
            ["name"] = hub.Name,
            ["type"] = "com.microsoft:partition",
            ["partition"] = id,
            ["begin_sequence_number"] = begin,
            ["last_enqueued_sequence_number"] = end.LastSequence,
            ["last_enqueued_offset"] = OffsetText.Of(end.LastOffset, hub.GeoOffsets),
            ["last_enqueued_time_utc"] = DateTimeOffset.FromUnixTimeMilliseconds(end.LastEnqueuedMilliseconds).UtcDateTime,
            ["is_partition_empty"] = end.NextSequence == begin,
        });
    }

    private static Answer Refused(int status, Amqp.Framing.Error error) => new(status, error.Description, Condition: error.Condition);
}
