using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Storage;

/// <summary>The copies of the log that Event Hubs Capture has made. Only read: whoever has set Capture up says how long they are kept.</summary>
internal interface ICaptureStore
{
    /// <summary>The files of a partition, in the order of their times; none if nothing is captured. Reads the names of all of them.</summary>
    ValueTask<IReadOnlyList<CaptureFile>> List(string hub, int partition, CancellationToken cancellationToken);

    /// <summary>The messages of a file, in the order of the log; none if it has been deleted since it was listed.</summary>
    /// <exception cref="InvalidDataException">It is not what Capture writes.</exception>
    IAsyncEnumerable<ReceivedEvent> Read(CaptureFile file, CancellationToken cancellationToken);
}

/// <summary>A captured file.</summary>
/// <param name="Name">The name of its blob.</param>
/// <param name="Time">The time in its name: its messages were taken within a quarter of an hour of it.</param>
internal sealed record CaptureFile(string Name, DateTimeOffset Time);
