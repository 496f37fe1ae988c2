namespace Orleans.Counter.Ingest;

/// <summary>Rejects events of videos that nobody has registered, and that were never counted.</summary>
internal sealed class UnknownVideos(IKnownVideos known)
{
    /// <summary>Takes events of unknown videos out of a batch. Costs a look into memory for each event, and more only for videos that were not met lately.</summary>
    /// <returns>False if nobody can say which they are; the batch is as it was.</returns>
    public ValueTask<bool> Reject(EventBatch batch, EventRules rules, CancellationToken cancellationToken)
    {
        Dictionary<int, VideoId>? inQuestion = null;
        for (var i = 0; i < batch.Count; i++)
            if (!known.IsKnown(batch.Video(i)) && VideoId.TryParse(batch.Video(i), out var video)) (inQuestion ??= []).Add(i, video);
        return inQuestion is null ? new(true) : Reject(batch, rules, inQuestion, cancellationToken);
    }

    private async ValueTask<bool> Reject(EventBatch batch, EventRules rules, Dictionary<int, VideoId> inQuestion, CancellationToken cancellationToken)
    {
        if (await known.FindUnknown(inQuestion.Values.Distinct(), cancellationToken) is not { } unknown) return false;
        if (unknown.Count > 0) batch.Reject(index => inQuestion.TryGetValue(index, out var video) && unknown.Contains(video), index => rules.Reject(index, EventFaults.UnknownVideo));
        return true;
    }
}
