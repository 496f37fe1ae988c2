namespace Orleans.Counter.Dev;

/// <summary>What a <see cref="DevHub"/> serves, and where it keeps it.</summary>
public sealed class DevHubOptions
{
    /// <summary>The TCP port on 127.0.0.1 and ::1; 0 takes a free one.</summary>
    public int Port { get; set; } = 5672;

    /// <summary>The TCP port on 127.0.0.1 for <c>/health</c> and <c>/faults</c>; 0 takes a free one, null has none.</summary>
    public int? ControlPort { get; set; }

    /// <summary>Clients may come over TLS too, to the same port, with a certificate that is made in the data folder.</summary>
    public bool Tls { get; set; }

    /// <summary>Offsets of new events are texts that are no numbers, as in namespaces that are replicated to other regions.</summary>
    public bool GeoOffsets { get; set; }

    /// <summary>The folder of the data. It is made if it does not exist, and serves one process at a time.</summary>
    public required string DataDirectory { get; set; }

    /// <summary>Hub names (1 to 256 letters, digits, <c>.</c>, <c>-</c>, <c>_</c>) and how many partitions each has, 1 to 1024.</summary>
    /// <remarks>A hub keeps its number of partitions.</remarks>
    public IDictionary<string, int> Hubs { get; } = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The consumer groups of a hub beside <c>$Default</c>; names have at most 50 characters. A hub that is not here has every group.</summary>
    public IDictionary<string, IReadOnlyCollection<string>> ConsumerGroups { get; } =
        new Dictionary<string, IReadOnlyCollection<string>>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names and values of the shared access keys; every key may do everything. Without any it is the one that the official emulator has.</summary>
    public IDictionary<string, string> Keys { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Log files that hold nothing younger than this are removed; null keeps them whatever their age.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>When a hub's events take more bytes than this, its oldest log files are removed; null sets no bound. At least 8 MiB.</summary>
    public long? RetentionBytes { get; set; }

    /// <summary>Copies all events to storage; null does not.</summary>
    public CaptureOptions? Capture { get; set; }

    /// <summary>The clock of enqueued times, creation times and token expiry.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Is told what a person should know: a tail that was cut, a disk that failed. Called from any thread.</summary>
    public Action<string> Report { get; set; } = static _ => { };

    /// <summary>The size at which a log file is closed and the next one begun.</summary>
    internal long LogFileBytesMax { get; set; } = 64 * 1024 * 1024;
}
