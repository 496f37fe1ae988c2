using Avro.File;
using Avro.Generic;

namespace Orleans.Counter.Tests.Dev;

/// <summary>An event in a captured file, as Apache's own library reads it.</summary>
internal sealed record CapturedEvent(
    long Sequence, string Offset, string EnqueuedTime, IDictionary<string, object?> System, IDictionary<string, object?> Properties, byte[]? Body)
{
    /// <summary>All events of a file, and its schema.</summary>
    public static (IReadOnlyList<CapturedEvent> Events, string Schema) Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        using var reader = DataFileReader<GenericRecord>.OpenReader(stream);
        return ([.. reader.NextEntries.Select(Of)], reader.GetMetaString("avro.schema"));
    }

    private static CapturedEvent Of(GenericRecord record) => new(
        (long)record["SequenceNumber"],
        (string)record["Offset"],
        (string)record["EnqueuedTimeUtc"],
        (IDictionary<string, object?>)record["SystemProperties"],
        (IDictionary<string, object?>)record["Properties"],
        (byte[]?)record["Body"]);
}
