namespace Orleans.Counter.Ingest;

/// <summary>Which videos are known: registered, or counted before. Asked only where <see cref="IngestOptions.KnownVideosOnly"/> is set.</summary>
internal interface IKnownVideos
{
    /// <summary>True if that is known at once. False says nothing: the video has to be asked for.</summary>
    bool IsKnown(ReadOnlySpan<byte> videoUtf8);

    /// <summary>Which of these are not known now. One that was registered before the question is known, whoever took the registration.</summary>
    /// <returns>Null if nobody can say it: shards or storage do not answer.</returns>
    Task<IReadOnlySet<VideoId>?> FindUnknown(IEnumerable<VideoId> videos, CancellationToken cancellationToken);
}
