namespace Orleans.Counter.Dev;

/// <summary>Where all events of a <see cref="DevHub"/> are copied to as Avro files, as the service's Capture does.</summary>
public sealed class CaptureOptions
{
    /// <summary>The storage account. It need not be there when the hub starts: events wait for it.</summary>
    public required string ConnectionString { get; set; }

    /// <summary>The container, which is made if it is not there.</summary>
    public required string Container { get; set; }

    /// <summary>What <c>{Namespace}</c> stands for in the names of files.</summary>
    public string Namespace { get; set; } = "devhub";

    /// <summary>The names of files without <c>.avro</c>. All nine fields must be in it, in any order.</summary>
    public string NameFormat { get; set; } = "{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}";

    /// <summary>How long a file is filled; 1 to 15 minutes at the service. A longer one makes fewer files, later.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A file that has this many bytes of events is ended before its time; 10 to 500 MB at the service.</summary>
    public long WindowBytesMax { get; set; } = 300 * 1024 * 1024;

    /// <summary>A partition without events in a window has no file of it, instead of an empty one.</summary>
    public bool SkipEmptyArchives { get; set; }
}
