namespace Orleans.Counter.Storage;

/// <summary>Where counts become durable, together with how far into the log they reach.</summary>
/// <remarks>Waits while the storage is away, and goes on when it is back: a caller sees an answer or, when it gives up, its own cancellation.</remarks>
internal interface ICountStore
{
    /// <summary>The video's row: one point read. Null if the video was never stored.</summary>
    ValueTask<Versioned<VideoRow>?> ReadVideo(VideoId video, CancellationToken cancellationToken);

    /// <summary>Some of the videos that have a row in a shard, in order: a read of keys alone, of up to a thousand. Empty after the last one.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="after">Those that come after this one; null for the first.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<VideoId>> ReadVideos(Shard shard, VideoId? after, CancellationToken cancellationToken);

    /// <summary>One day of one type, as far as it has settled: one point read. Null if there is no such row; one without hours says that the day is empty.</summary>
    ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken);

    /// <summary>The archived days of a month of one type: one point read. Null if there is no such row.</summary>
    /// <param name="video">The video.</param>
    /// <param name="type">The type.</param>
    /// <param name="month">Its first day.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken);

    /// <summary>Writes the video's row and what changes with it: all or nothing. Commits of one shard that wait for each other share a transaction.</summary>
    /// <param name="commit">What to write.</param>
    /// <param name="version">The version that was read or committed before; null if the video was never stored.</param>
    /// <param name="cancellationToken">Gives up waiting; the commit may happen all the same.</param>
    /// <returns>The row's new version, to be passed to the next commit.</returns>
    /// <exception cref="StaleWriterException">Another activation committed first, a day that is set whole is not as it was read, or it is too late; the caller must forget what it holds.</exception>
    ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken);

    /// <summary>Those of these day rows that are there: a point read for each.</summary>
    ValueTask<IReadOnlyList<Versioned<DayRow>>> FindDays(VideoId video, DayRows days, CancellationToken cancellationToken);

    /// <summary>The videos of a shard that a channel owns, in order: a read of their keys alone.</summary>
    ValueTask<IReadOnlyList<VideoId>> ReadChannel(Shard shard, string channelId, CancellationToken cancellationToken);

    /// <summary>A correction of a video: one point read. Null if there is none with this id.</summary>
    ValueTask<Correction?> ReadCorrection(VideoId video, string id, CancellationToken cancellationToken);

    /// <summary>All corrections of a video's minutes in a range, in any order.</summary>
    ValueTask<IReadOnlyList<Correction>> ReadCorrections(VideoId video, MinuteRange range, CancellationToken cancellationToken);

    /// <summary>By how much all corrections of a shard's videos have changed counts: a read of all of them.</summary>
    ValueTask<long> SumCorrections(Shard shard, CancellationToken cancellationToken);

    /// <summary>How many events of a shard's videos were imported: a look at each of their rows, of which those are sent that have something imported.</summary>
    ValueTask<long> SumImported(Shard shard, CancellationToken cancellationToken);

    /// <summary>The shard's checkpoint: one point read. Null before the first.</summary>
    ValueTask<Versioned<ShardRow>?> ReadShard(Shard shard, CancellationToken cancellationToken);

    /// <summary>The shard's most counted videos, as of its checkpoint: one point read. Empty if there are none.</summary>
    ValueTask<IReadOnlyList<TopList>> ReadTops(Shard shard, CancellationToken cancellationToken);

    /// <summary>Writes the shard's checkpoint, and its most counted videos with it: both or neither.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="row">The checkpoint.</param>
    /// <param name="tops">All lists; null if they are as they were.</param>
    /// <param name="version">The version that was read or written before; null if there is none.</param>
    /// <param name="cancellationToken">Gives up waiting; the checkpoint may be written all the same.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="StaleWriterException">Another activation of the shard wrote first.</exception>
    ValueTask<RowVersion> WriteShard(Shard shard, ShardRow row, IReadOnlyList<TopList>? tops, RowVersion? version, CancellationToken cancellationToken);

    /// <summary>Which log the positions belong to; null before the first start.</summary>
    ValueTask<LogRow?> ReadLog(CancellationToken cancellationToken);

    /// <summary>Says which log the positions belong to, if nobody has said it before; the answer is what stands now.</summary>
    ValueTask<LogRow> AddLog(LogRow row, CancellationToken cancellationToken);

    /// <summary>Says that positions belong to another log from now on.</summary>
    /// <param name="row">The new log, of the next era.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StaleWriterException">The log that stands is not of the era before.</exception>
    ValueTask AdvanceLog(LogRow row, CancellationToken cancellationToken);
}

/// <summary>What changes whenever a row does. Opaque.</summary>
internal readonly record struct RowVersion(string Value);

/// <summary>A row and the version in which it was read.</summary>
internal sealed record Versioned<T>(T Row, RowVersion Version);
