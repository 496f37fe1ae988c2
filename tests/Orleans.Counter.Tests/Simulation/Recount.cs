using System.Globalization;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>A message as it was sent; one without events is no frame.</summary>
internal sealed record Sent(int Partition, Position Position, DateTimeOffset EnqueuedTime, ulong Number, IReadOnlyList<Event> Events);

/// <summary>What has to be counted of the logs, by their plain rules and without any of the product's code: once from the first message to the last.</summary>
internal sealed class Recount
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(2);

    /// <summary>How many events a message that is no frame says it holds.</summary>
    public const int PoisonEvents = 3;

    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(int Era, int Partition), (long Generation, Dictionary<long, HashSet<string>> Seen)> _logs = [];

    public SortedDictionary<string, Cell> Totals { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, Cell> Minutes { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Duplicates { get; } = new(StringComparer.Ordinal);

    /// <summary>Events that were set aside, by video; those of messages that are no frames belong to none.</summary>
    public SortedDictionary<string, long> DeadLettered { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Letters { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, Ledger> Ledgers { get; } = new(StringComparer.Ordinal);

    public long Accepted { get; private set; }

    public static string TotalOf(VideoId video, string type) => $"{video} {type}";

    public static string MinuteOf(VideoId video, string type, Minute minute) => $"{video} {type} {minute}";

    public static Recount Of(IEnumerable<Sent> log, IEnumerable<Correction> corrections, IEnumerable<KeyValuePair<(VideoId Video, Minute Minute), Cell>> imports)
    {
        var recount = new Recount();
        foreach (var sent in log.OrderBy(sent => sent.Position.Value)) recount.Count(sent);
        foreach (var correction in corrections.OrderByDescending(correction => correction.Count)) recount.Correct(correction);
        foreach (var ((video, minute), cell) in imports)
            for (var left = cell.Count; left > 0; left--)
            {
                Add(recount.Totals, TotalOf(video, EventType.View.Value), 1);
                Add(recount.Minutes, MinuteOf(video, EventType.View.Value, minute), 1);
            }

        return recount;
    }

    /// <summary>Puts in as many events of their mean, or takes some out of those that remain.</summary>
    private void Correct(Correction correction)
    {
        var (total, minute) = (TotalOf(correction.Video, correction.Type.Value), MinuteOf(correction.Video, correction.Type.Value, correction.Minute));
        for (var left = correction.Count; left > 0; left--)
        {
            Add(Totals, total, correction.Sum / correction.Count);
            Add(Minutes, minute, correction.Sum / correction.Count);
        }

        if (correction.Count > 0) return;
        Totals[total] = Totals[total] with { Count = Totals[total].Count + correction.Count, Sum = Totals[total].Sum + correction.Sum };
        Minutes[minute] = Minutes[minute] with { Count = Minutes[minute].Count + correction.Count, Sum = Minutes[minute].Sum + correction.Sum };
    }

    private void Count(Sent sent)
    {
        var letter = string.Create(CultureInfo.InvariantCulture, $"{sent.Partition}/{sent.Position.Value:x16}");
        Accepted += sent.Events.Count == 0 ? PoisonEvents : sent.Events.Count;
        if (sent.Events.Count == 0)
        {
            Letters[letter] = PoisonEvents;
            Book(Shard.All.First(shard => shard.Partition(SimHub.PartitionCount) == sent.Partition), new(PoisonEvents, 0, 0, PoisonEvents));
            return;
        }

        var (generation, seen) = _logs.GetValueOrDefault((sent.Position.Era, sent.Partition), (0, []));
        generation = Math.Max(generation, sent.EnqueuedTime.UtcTicks / TimeSpan.FromMinutes(10).Ticks);
        _logs[(sent.Position.Era, sent.Partition)] = (generation, seen);
        var isFrameRepeated = IsRepeat($"frame {sent.Number}");
        foreach (var one in sent.Events)
        {
            var isRepeat = (one.Id is not null && IsRepeat($"{one.Video} {one.Type} {one.Id}")) || isFrameRepeated;
            var minute = Minute.Of(one.Time);
            var isOutOfTime = minute < Minute.Of(sent.EnqueuedTime - Window - Grace) || minute > Minute.Of(sent.EnqueuedTime + Ahead + Grace);
            Book(Shard.Of(one.Video), new(1, !isRepeat && !isOutOfTime ? 1 : 0, isRepeat ? 1 : 0, !isRepeat && isOutOfTime ? 1 : 0));
            if (isRepeat) Add(Duplicates, one.Video.Value, 1);
            else if (isOutOfTime)
            {
                Add(Letters, $"{letter}-time", 1);
                Add(DeadLettered, one.Video.Value, 1);
            }
            else
            {
                Add(Totals, TotalOf(one.Video, one.Type), one.Value);
                Add(Minutes, MinuteOf(one.Video, one.Type, minute), one.Value);
            }
        }

        bool IsRepeat(string what)
        {
            var isKnown = Seen(generation).Contains(what) || Seen(generation - 1).Contains(what);
            Seen(generation).Add(what);
            return isKnown;
        }

        HashSet<string> Seen(long of) => seen.TryGetValue(of, out var set) ? set : seen[of] = [];
    }

    private void Book(Shard shard, Ledger ledger) => Ledgers[shard.ToString()] = Ledgers.GetValueOrDefault(shard.ToString()) + ledger;

    private static void Add(SortedDictionary<string, long> to, string key, long count) => to[key] = to.GetValueOrDefault(key) + count;

    private static void Add(SortedDictionary<string, Cell> to, string key, double value) => to[key] = to.TryGetValue(key, out var cell)
        ? new(cell.Count + 1, cell.Sum + value, Math.Min(cell.Min, value), Math.Max(cell.Max, value))
        : new(1, value, value, value);
}
