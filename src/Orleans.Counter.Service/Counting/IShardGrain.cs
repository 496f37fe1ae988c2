using Orleans.Concurrency;

namespace Orleans.Counter.Counting;

/// <summary>One shard. Its events reach it through its stream.</summary>
/// <remarks>Keyed by <see cref="Shard.ToString"/>.</remarks>
[GrainInterfaceType("shard")]
internal interface IShardGrain : IGrainWithStringKey
{
    /// <summary>How far the shard has counted and stored. Answers from memory, but for the first question after a correction or an import; a shard that no range has reached since it woke up knows only the start.</summary>
    [Alias("progress"), AlwaysInterleave]
    ValueTask<Progress> Progress(CancellationToken cancellationToken = default);

    /// <summary>The total of a type over the videos of this shard that a channel owns. Asks those that were given something since it was last asked, and the table when it has forgotten whose they are.</summary>
    [Alias("channeltotal"), AlwaysInterleave]
    ValueTask<Cell> ChannelTotal(string channelId, EventType type, CancellationToken cancellationToken = default);

    /// <summary>The videos of this shard that a channel owns, in order.</summary>
    [Alias("channelvideos"), AlwaysInterleave]
    ValueTask<IReadOnlyList<VideoId>> ChannelVideos(string channelId, CancellationToken cancellationToken = default);

    /// <summary>The most counted videos of the shard in some windows. Answers from memory, or with a read of the table if no range has reached the shard since it woke up.</summary>
    [Alias("top"), AlwaysInterleave]
    ValueTask<ShardTop> Top(EventType type, [Immutable] IReadOnlyList<TopWindow> windows, int most, CancellationToken cancellationToken = default);

    /// <summary>Which videos of the shard are known: all that were registered before the question, and of those that were counted, the ones that are stored.</summary>
    /// <remarks>Answers from memory; once an hour, if it is asked, it reads the keys of all its videos.</remarks>
    /// <param name="seed">Of the filter that the caller has; null for none.</param>
    /// <param name="changes">How many changes the caller has heard of.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("known"), AlwaysInterleave]
    ValueTask<KnownNews> Known(long? seed, long changes, CancellationToken cancellationToken = default);

    /// <summary>Forgets what it knows of these channels, of corrections and of imports: a video of it has changed otherwise than by the log.</summary>
    /// <param name="channels">The channels.</param>
    /// <param name="video">The video, if its counts have changed, or whether it is known; null if not.</param>
    /// <param name="through">How far the video's row reaches: an activation that knows less was replaced, and is not asked what has changed.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("forgetthrough"), AlwaysInterleave]
    ValueTask Forget([Immutable] IReadOnlyList<string> channels, VideoId? video, Position through, CancellationToken cancellationToken = default);

    /// <summary>Waits, up to 5 s, until all of a writer's frames can be seen in the counts of a video. Asks the hub at most once, if the shard does not know the frames and they do not come.</summary>
    /// <returns>
    /// How far into the log the video is by then: an answer of the video that does not reach up to here is of an activation that has lost something, or was replaced. Null: not yet, or the
    /// shard has just gone, and whoever takes its place can be asked.
    /// </returns>
    [Alias("seenthrough"), AlwaysInterleave]
    ValueTask<Position?> Sees(VideoId video, ulong writer, FrameNumbers frames, CancellationToken cancellationToken = default);

    /// <summary>Stores what the shard holds; if it belongs on another silo, it ends here then. Its silo asks this when it leaves the cluster.</summary>
    [Alias("leave"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    ValueTask Leave(CancellationToken cancellationToken = default);
}

/// <summary>The most counted videos of a shard.</summary>
/// <param name="IsKept">False if so many types have lists that this one has none.</param>
/// <param name="Lists">One for each window, with the most counted first.</param>
/// <param name="ToldThrough">What the shard was given by then is inside.</param>
[GenerateSerializer, Immutable, Alias("counter.shardtop")]
internal readonly record struct ShardTop([property: Id(0)] bool IsKept, [property: Id(1)] IReadOnlyList<IReadOnlyList<TopVideo>> Lists, [property: Id(2)] DateTimeOffset ToldThrough);

/// <summary>Which videos of a shard are known.</summary>
/// <param name="Seed">Of the filter, which tells it from all others.</param>
/// <param name="Changes">How many changes there have been since the filter was made.</param>
/// <param name="Filter">The bits of the whole filter; null if the caller has it, and needs no more than the changes.</param>
/// <param name="Changed">What has changed since the caller asked before: videos whose rows have to be looked at again, and which are in the filter from now on.</param>
[GenerateSerializer, Immutable, Alias("counter.knownnews")]
internal sealed record KnownNews([property: Id(0)] long Seed, [property: Id(1)] long Changes, [property: Id(2)] byte[]? Filter, [property: Id(3)] IReadOnlyList<VideoId> Changed);

/// <summary>How far a shard is.</summary>
/// <param name="Counted">Everything in the log up to here can be seen in counts.</param>
/// <param name="Stored">Everything up to here is in the table; a crash replays what comes after.</param>
/// <param name="CountedLedger">What became of the events up to the first.</param>
/// <param name="StoredLedger">What became of the events up to the second.</param>
/// <param name="Repaired">By how much corrections have changed the counts of its videos.</param>
/// <param name="Imported">How much of the counts of its videos was imported.</param>
[GenerateSerializer, Immutable, Alias("counter.progress")]
internal readonly record struct Progress(
    [property: Id(0)] Position Counted, [property: Id(1)] Position Stored, [property: Id(2)] Ledger CountedLedger, [property: Id(3)] Ledger StoredLedger,
    [property: Id(4)] long Repaired = 0, [property: Id(5)] long Imported = 0);
