using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Streaming;

/// <summary>How readers leave behind what they have seen.</summary>
internal sealed class StreamingOptions
{
    public const string Section = "Streaming";

    /// <summary>How often a partition's reader writes what it has seen. Longer makes fewer blobs, and whoever takes over reads that much more of the log.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan WriteSightingsEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How much of that may wait, per partition, while the storage is away. More outlasts a longer outage; of what is beyond it the oldest is let go, and whoever takes
    /// over in the next twenty minutes may have to read the log instead.
    /// </summary>
    [Range(1 << 16, 1 << 30)]
    public int SightingsWaitingBytesMax { get; set; } = 64 << 20;
}

[OptionsValidator]
internal sealed partial class StreamingOptionsValidator : IValidateOptions<StreamingOptions>;
