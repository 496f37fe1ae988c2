using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Audit;

/// <summary>What became of a request to replay a letter.</summary>
internal enum ReplayOutcome
{
    /// <summary>All its events are counted.</summary>
    Done,

    /// <summary>There is no such letter.</summary>
    NotFound,

    /// <summary>They were before.</summary>
    AlreadyDone,

    /// <summary>Nothing in it can be counted.</summary>
    NotReplayable,

    /// <summary>It has events of a minute that has not come yet.</summary>
    Ahead,

    /// <summary>A video still has all the types that it may have.</summary>
    TooManyTypes,
}

/// <summary>What became of it, in words, and the letter as it is now; null if there is none.</summary>
internal sealed record Replayed(ReplayOutcome Outcome, string Detail, LetterHead? Letter = null);

/// <summary>Gives dead letters back: their events go into the minutes to which they belong, once.</summary>
/// <remarks>
/// Each minute is a correction with an id of its own, recorded in the transaction that changes the video: made again, it changes nothing. So a replay that broke off is made again from the start. The letter
/// says that a replay has begun before the first of them, and that it is done after the last; the letter's version decides which of two that come together is told so.
/// </remarks>
internal sealed class LetterDesk(IDeadLetterBox box, IGrainFactory grains, TimeProvider clock)
{
    private const int CallsAtOnce = 16;

    public IDeadLetterBox Box => box;

    public async Task<Replayed> Replay(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await box.Read(name, cancellationToken) is not { Row: var letter, Version: var version }) return new(ReplayOutcome.NotFound, "There is no such letter.");
            if (letter.Head.Replay.DoneAt is { } done) return new(ReplayOutcome.AlreadyDone, $"Its events were counted at {done:u}, once and for all.", letter.Head);
            var now = clock.GetUtcNow();
            var (corrections, why) = LetterCorrections.Of(letter, now);
            if (corrections is null) return new(ReplayOutcome.NotReplayable, why!, letter.Head);
            if (corrections.Max(correction => correction.Minute) is var last && last.Start > now) return new(ReplayOutcome.Ahead, $"It has events of {last}, which has not come yet.", letter.Head);
            try
            {
                if (await WithoutRoom(corrections, cancellationToken) is { } full) return new(ReplayOutcome.TooManyTypes, full, letter.Head);
                var replay = letter.Head.Replay with { BegunAt = letter.Head.Replay.BegunAt ?? now };
                if (replay != letter.Head.Replay) version = await box.Mark(letter, replay, version, cancellationToken);
                if (await Count(corrections, cancellationToken) is { } refused) return new(ReplayOutcome.TooManyTypes, refused, letter.Head with { Replay = replay });
                replay = replay with { DoneAt = clock.GetUtcNow() };
                await box.Mark(letter, replay, version, cancellationToken);
                return new(ReplayOutcome.Done, "Its events are counted.", letter.Head with { Replay = replay });
            }
            catch (StaleWriterException)
            {
                // Somebody else replays it, or has thrown it away: the next look tells. What was counted is counted.
            }
        }
    }

    /// <summary>Why the corrections cannot all be made; null if they can, as far as the videos say now.</summary>
    private async Task<string?> WithoutRoom(IReadOnlyList<Correction> corrections, CancellationToken cancellationToken)
    {
        foreach (var some in corrections.GroupBy(correction => correction.Video).Chunk(CallsAtOnce))
        {
            var portraits = await Task.WhenAll(some.Select(video => grains.GetGrain<IVideoGrain>(video.Key.Value).Portrait(cancellationToken).AsTask()));
            foreach (var (video, portrait) in some.Zip(portraits))
                if (portrait.Totals.Select(total => total.Type).Union(video.Select(correction => correction.Type)).Count() > EventType.PerVideoMax) return Full(video.Key);
        }

        return null;
    }

    /// <summary>Makes the corrections that were not made yet. Null if all are made, else why one was not: others may be.</summary>
    private async Task<string?> Count(IReadOnlyList<Correction> corrections, CancellationToken cancellationToken)
    {
        // Those of a video one after the other: it takes one at a time anyway.
        foreach (var some in corrections.GroupBy(correction => correction.Video).Chunk(CallsAtOnce))
        {
            var refused = await Task.WhenAll(some.Select(video => Count(video, cancellationToken)));
            if (refused.FirstOrDefault(one => one is not null) is { } first) return first;
        }

        return null;
    }

    private async Task<string?> Count(IGrouping<VideoId, Correction> video, CancellationToken cancellationToken)
    {
        foreach (var correction in video)
        {
            var outcome = (await grains.GetGrain<IVideoGrain>(video.Key.Value).Correct(correction, cancellationToken)).Outcome;
            if (outcome is CorrectionOutcome.TooManyTypes) return Full(video.Key);
            if (outcome is not CorrectionOutcome.Done) throw new InvalidOperationException($"The correction '{correction.Id}' of '{video.Key}' ended with {outcome}: another one stands in its place, which this service never makes.");
        }

        return null;
    }

    private static string Full(VideoId video) => $"The video '{video}' has {EventType.PerVideoMax} types, and may have no more.";
}
