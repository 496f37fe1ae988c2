using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Counting;

/// <summary>How often counts are stored, and how many calls a shard makes at once.</summary>
internal sealed class CountingOptions
{
    public const string Section = "Counting";

    /// <summary>How often a shard stores what changed. Longer writes busy rows less often, and replays more of the log after a crash.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan CheckpointEvery { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>How many shards of a silo store at once. More hides a distant storage; fewer are done sooner, each, and share transactions better.</summary>
    [Range(1, 256)]
    public int CheckpointsAtOnce { get; set; } = 4;

    /// <summary>How many videos of a silo read their rows at once, because an event woke them. More hides a distant storage; past what it can do, all wait longer.</summary>
    [Range(1, 1_000)]
    public int LoadsAtOnce { get; set; } = 256;

    /// <summary>How many of its videos a shard calls at once. More hides slow ones; fewer keep memory and queues small.</summary>
    [Range(1, 10_000)]
    public int CallsAtOnce { get; set; } = 256;

    /// <summary>
    /// How many videos of a silo may be awake. More are found in memory when they are next counted or asked for; each takes some kilobytes. It should be well above the number of those that are counted within
    /// <see cref="CheckpointEvery"/>: fewer fall asleep before they are stored, and are woken to be.
    /// </summary>
    [Range(1, 100_000_000)]
    public int VideosAwakeMax { get; set; } = 200_000;

    /// <summary>
    /// How many videos all shards together remember although everything of them is stored: to find them faster, and to settle their hours in time. Hours of those that are forgotten settle when they are next counted.
    /// </summary>
    [Range(0, 100_000_000)]
    public int VideosKept { get; set; } = 1_000_000;

    /// <summary>
    /// How many bytes the filters of all shards may have, in which known videos are looked up where <c>Ingest:KnownVideosOnly</c> is set. A million videos take 2 MB; with more than 8 million in every 8 MB, invented ones
    /// are more often looked for in the table. Every instance that asks holds as much.
    /// </summary>
    [Range(Shard.Count * VideoFilter.BytesMin, 1 << 30)]
    public int KnownVideosBytesMax { get; set; } = 64 << 20;
}

[OptionsValidator]
internal sealed partial class CountingOptionsValidator : IValidateOptions<CountingOptions>;
