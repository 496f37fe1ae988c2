using System.Globalization;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Somebody who corrects minutes of young days and old ones, imports history, and gives videos to channels while everything fails, and asks again with the same words until there is an answer.</summary>
internal sealed class Operator(World world, SimCluster cluster, IReadOnlyList<Shard> shards)
{
    /// <summary>The last day that no event of any schedule belongs to.</summary>
    public static readonly DateOnly LastOldDay = new(2026, 5, 31);

    private static readonly string[] Channels = ["cats", "dogs"];

    private readonly Turns _turns = new(world);
    private readonly Dictionary<VideoId, string?> _owners = [];
    private readonly HashSet<(VideoId, string?)> _mayComeLate = []; // Nobody promises that a call without an answer never arrives.
    private readonly HashSet<VideoId> _asked = [];
    private int _ids;
    private int _open;

    /// <summary>The corrections that were made, as their answers said.</summary>
    public List<Correction> Corrections { get; } = [];

    /// <summary>The minutes that were imported; each is said once, so that it does no harm if it is heard late.</summary>
    public Dictionary<(VideoId Video, Minute Minute), Cell> Imports { get; } = [];

    /// <summary>True if every question is answered.</summary>
    public bool IsDone => _open == 0;

    /// <summary>Does something to a video, or asks for a channel.</summary>
    public void Act(VideoId video)
    {
        var (minute, chosen, count) = (Minute.Of(world.Now.AddMinutes(-world.Random.Next(240))), world.Random.Next(6), 2 + world.Random.Next(5));
        if (chosen == 3) Begin(async () => await Sum(world.Any(Channels), EventType.View));
        else if (!_asked.Add(video)) return; // One thing at a time: of two at once nobody knows which one is the last.
        else if (chosen == 0) Begin(() => Describe(video, world.Any([null, .. Channels])));
        else if (chosen == 1) Begin(() => Import(video));
        else Begin(() => Correct(video, chosen == 2 ? OldMinute(0) : minute, count));
    }

    /// <summary>Of one of four days in two months, none of which another one is chosen for.</summary>
    private Minute OldMinute(int which) => Minute.Of(new DateTimeOffset(LastOldDay.AddDays(-which - (11 * world.Random.Next(4))), TimeOnly.MinValue, TimeSpan.Zero).AddMinutes(world.Random.Next(Minute.PerDay)));

    /// <summary>All that is wrong in what it did.</summary>
    public IEnumerable<string> Differences(SimTables tables)
    {
        var rows = tables.Rows("v|").Select(RowCodec.DecodeVideo).ToDictionary(row => row.Video);
        foreach (var (video, channel) in _owners)
            if (rows.GetValueOrDefault(video)?.Metadata.ChannelId is var stands && stands != channel && !_mayComeLate.Contains((video, stands))) yield return $"{video} belongs to {channel ?? "nobody"}, and its row says {stands ?? "nobody"}";
        var owned = rows.Values.Where(row => row.Metadata.ChannelId is not null).Select(row => TableLayout.ChannelKey(row.Metadata.ChannelId!, row.Video.Value)).Order(StringComparer.Ordinal);
        var listed = tables.Rows("c|").Select(row => row.RowKey).Order(StringComparer.Ordinal);
        if (!owned.SequenceEqual(listed)) yield return $"channels own {string.Join(",", owned)}, and {string.Join(",", listed)} are listed";
        var recorded = tables.Rows("k|").Select(RowCodec.DecodeCorrection).Select(correction => correction.Id).Order(StringComparer.Ordinal);
        if (!recorded.SequenceEqual(Corrections.Select(correction => correction.Id).Order(StringComparer.Ordinal))) yield return $"{recorded.Count()} corrections are recorded, and {Corrections.Count} were answered";
        foreach (var channel in Channels)
        {
            var expected = rows.Values.Where(row => row.Metadata.ChannelId == channel).Aggregate(Cell.Nothing, (sum, row) => sum + row.Totals.FirstOrDefault(total => total.Type == EventType.View).Total);
            Cell? sum = null;
            _turns.Run(async () => sum = await Sum(channel, EventType.View));
            world.Run(() => sum is not null, TimeSpan.FromHours(1));
            if (sum != expected) yield return $"{channel} says {sum}, and its videos say {expected}";
        }
    }

    private void Begin(Func<Task> work)
    {
        _open++;
        _turns.Run(async () =>
        {
            await work();
            _open--;
        });
    }

    private async Task Describe(VideoId video, string? channel)
    {
        await Until(() => Video(video).Describe(new("A title", channel)), () => _mayComeLate.Add((video, channel)));
        _owners[video] = channel;
        _asked.Remove(video);
    }

    /// <summary>Puts in, and takes back a part: what a minute holds is never taken out whole, so what comes in between makes no difference.</summary>
    private async Task Correct(VideoId video, Minute minute, int count)
    {
        var correction = new Correction(Id(), video, EventType.View, minute, count, 2 * count, "more", world.Now);
        Made(await Until(() => Video(video).Correct(correction)), correction);
        var back = new Correction(Id(), video, EventType.View, minute, -1, -2, "less", world.Now);
        Made(await Until(() => Video(video).Correct(back)), back);
        _asked.Remove(video);
    }

    private async Task Import(VideoId video)
    {
        var minutes = Enumerable.Range(0, 1 + world.Random.Next(4)).Select(_ => OldMinute(1)).Distinct().Where(minute => !Imports.ContainsKey((video, minute)))
            .Select(minute => new ImportedMinute(minute, Cell.Plain(1 + world.Random.Next(9)))).ToList();
        foreach (var (minute, cell) in minutes) Imports.Add((video, minute), cell);
        if (minutes.Count > 0 && await Until(() => Video(video).Import(EventType.View, minutes)) is not { Outcome: ImportOutcome.Done }) throw new InvalidOperationException($"{video} refused an import.");
        _asked.Remove(video);
    }

    private void Made(Corrected corrected, Correction correction)
    {
        if (corrected.Outcome is not CorrectionOutcome.Done) throw new InvalidOperationException($"{correction} ended with {corrected.Outcome}.");
        Corrections.Add(correction);
    }

    private async Task<Cell> Sum(string channel, EventType type)
    {
        var sum = Cell.Nothing;
        foreach (var shard in shards) sum += await Until(() => ((IShardGrain)cluster.Reference(GrainId.Create(SimCluster.ShardType, shard.ToString()), null)).ChannelTotal(channel, type));
        return sum;
    }

    private async Task<T> Until<T>(Func<ValueTask<T>> ask, Action? unanswered = null)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception exception)
            {
                unanswered?.Invoke();
                world.Say(() => $"the operator hears: {exception.Message}");
                await world.Pause(TimeSpan.FromSeconds(20));
            }
        }
    }

    private string Id() => (++_ids).ToString(CultureInfo.InvariantCulture);

    private IVideoGrain Video(VideoId video) => (IVideoGrain)cluster.Reference(GrainId.Create("video", video.Value), null);
}
