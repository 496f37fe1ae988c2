namespace Orleans.Counter.Client;

/// <summary>What became of every event: <c>accepted = counted + duplicates + deadLettered + inFlight + difference</c>.</summary>
/// <param name="Accepted">Events that the service has read from its log.</param>
/// <param name="Counted">Of the stored ones: inside counts.</param>
/// <param name="Duplicates">Of the stored ones: recognised as repeats.</param>
/// <param name="DeadLettered">Of the stored ones: set aside as dead letters.</param>
/// <param name="InFlight">Read, and not stored yet.</param>
/// <param name="Difference">Of the stored ones: what is missing in this sum. Anything but 0 is a defect of the service.</param>
/// <param name="Imported">How many events of history were imported, beside all this; those of a video that was removed are not in it any more.</param>
/// <param name="Repaired">By how much corrections have changed counts, beside all this.</param>
/// <param name="AsOf">What the service had read then is inside.</param>
public sealed record Audit(long Accepted, long Counted, long Duplicates, long DeadLettered, long InFlight, long Difference, long Imported, long Repaired, DateTimeOffset AsOf);
