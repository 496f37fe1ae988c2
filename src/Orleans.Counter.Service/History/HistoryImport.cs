using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;

namespace Orleans.Counter.History;

/// <summary>Has videos set minutes of old days: one call for all that a request says of a type of a video.</summary>
internal sealed class HistoryImport(IGrainFactory grains, IRollupStore rollups, IOptions<AcceptanceOptions> acceptance, TimeProvider clock)
{
    private const int VideosAtOnce = 64;

    // The first run of a group begins with it; there may be much else to do in it, if the service has counted for long without rollup.
    private static readonly TimeSpan RunsWithin = TimeSpan.FromSeconds(20);

    /// <summary>Sets them. Of a request that breaks off, some days may be set; whoever sends it again finds them unchanged.</summary>
    /// <returns>Null if it is not known yet which days are counted live.</returns>
    public async Task<(int DaysSet, int DaysUnchanged, IReadOnlyList<RefusedDay> Refused)?> Run(IReadOnlyList<HistoryMinute> minutes, CancellationToken cancellationToken)
    {
        var groups = minutes.Select(minute => Group.Of(minute.Video)).Distinct().ToList();
        var rows = await Task.WhenAll(groups.Select(async group => (group, LiveFrom: await LiveFrom(group, cancellationToken))));
        if (rows.Any(row => row.LiveFrom is null)) return null;
        var liveFrom = rows.ToDictionary(row => row.group, row => row.LiveFrom!.Value);
        var refused = new ConcurrentBag<RefusedDay>();
        var (set, unchanged, now) = (0, 0, clock.GetUtcNow());
        await Parallel.ForEachAsync(
            minutes.GroupBy(minute => (minute.Video, minute.Type)), new ParallelOptions { MaxDegreeOfParallelism = VideosAtOnce, CancellationToken = cancellationToken },
            async (one, stopping) =>
            {
                var (video, type) = one.Key;
                var live = liveFrom[Group.Of(video)];
                var days = one.GroupBy(minute => minute.Day).ToLookup(Refusal);
                foreach (var wrong in days.Where(wrong => wrong.Key is not null)) Refuse(wrong, wrong.Key!.Value);
                var good = days[null].ToList();
                if (good.Count == 0) return;
                var imported = await grains.GetGrain<IVideoGrain>(video.Value).Import(type, [.. good.SelectMany(day => day).Select(minute => new ImportedMinute(minute.Minute, minute.Cell))], stopping);
                if (imported.Outcome is ImportOutcome.NotSealed) Refuse(good, NotSealed);
                if (imported.Outcome is ImportOutcome.TooManyTypes) Refuse(good, ("too_many_types", $"The video has {EventType.PerVideoMax} types already; '{type}' is none of them."));
                Interlocked.Add(ref set, imported.DaysSet);
                Interlocked.Add(ref unchanged, imported.DaysUnchanged);

                (string Code, string Detail)? Refusal(IGrouping<DateOnly, HistoryMinute> day) => day.Key >= live ? Live(live) : now < acceptance.Value.SealedFrom(day.Key) ? NotSealed : null;

                void Refuse(IEnumerable<IGrouping<DateOnly, HistoryMinute>> which, (string Code, string Detail) why)
                {
                    foreach (var day in which) refused.Add(new(video.Value, type.Value, day.Key, day.Count(), why.Code, why.Detail));
                }
            });
        return (set, unchanged, [.. refused.OrderBy(day => day.VideoId, StringComparer.Ordinal).ThenBy(day => day.Type, StringComparer.Ordinal).ThenBy(day => day.Day)]);
    }

    /// <summary>From which day on counts are live. Rollup says it in its first run; if there was none yet, this begins it.</summary>
    private async Task<DateOnly?> LiveFrom(Group group, CancellationToken cancellationToken)
    {
        if (await rollups.ReadGroup(group, cancellationToken) is { } known) return known.Row.LiveFrom;
        var run = grains.GetGrain<IRollupGrain>(group.ToString()).Run(cancellationToken).AsTask();
        await Task.WhenAny(run, Task.Delay(RunsWithin, clock, cancellationToken));
        if (run.IsCompleted) await run;
        return (await rollups.ReadGroup(group, cancellationToken))?.Row.LiveFrom;
    }

    private static readonly (string Code, string Detail) NotSealed = ("not_sealed", "The day is not over for long enough: events of it may still come.");

    private static (string Code, string Detail) Live(DateOnly from) => ("counted_live", $"Days from {from:yyyy-MM-dd} on are counted from the log; correct single minutes of them with POST /v1/admin/corrections.");
}
