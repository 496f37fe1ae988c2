using System.Runtime.CompilerServices;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

namespace Orleans.Counter.Recount;

/// <summary>The log of a partition as it was taken: what Capture has copied, and then what the hub holds. Says which part of it is not there.</summary>
/// <remarks>Messages are numbered without gaps, so nothing is missing where numbers follow each other, whatever files there are.</remarks>
internal sealed class RawLog(ICaptureStore capture, LogAgain hub, LogIdentity log, TimeProvider clock)
{
    /// <summary>A file's messages were taken within a quarter of an hour of the time in its name, before it or after it.</summary>
    private static readonly TimeSpan FileMargin = TimeSpan.FromMinutes(20);

    /// <summary>How far the hub's clock may step back.</summary>
    private static readonly TimeSpan ClockMargin = Recounter.Generation;

    /// <summary>Hands over the messages of the era from one moment to another, in order, each once, up to a position.</summary>
    /// <returns>What is missing of them.</returns>
    public async Task<IReadOnlyList<MissingLog>> Read(Shard shard, DateTimeOffset from, DateTimeOffset to, Position through, Action<ReceivedEvent> take, CancellationToken cancellationToken)
    {
        var (row, partition) = (log.Row, shard.Partition(log.PartitionCount));
        var stretch = new Stretch(row.Starts[partition] + 1, through.Era == row.Era ? through.SequenceNumber : -1, from, to, take);
        if (row.Era > 0 && !(from >= row.AdvancedAt))
            stretch.Lacks(from, row.AdvancedAt ?? to, $"Until then, messages were counted from a log before this one (`counter log advance` began era {row.Era}), and cannot be read in it.");
        if (stretch.IsDone) return stretch.Missing;

        // Those before it are of a hub that had this name before.
        var files = (await capture.List(row.Hub, partition, cancellationToken)).Where(file => file.Time >= row.CreatedAt - FileMargin).ToList();
        var holds = await hub.Holds(partition, cancellationToken);
        var begin = files.Count == 0 ? default : await Begin(files, row, stretch, cancellationToken);
        if (begin.First is { } first && (stretch.IsReachedBy(first) || first.SequenceNumber < holds.BeginSequenceNumber || holds.IsEmpty))
            for (var index = begin.Index; index < files.Count && files[index].Time < to + FileMargin + ClockMargin && !stretch.IsDone; index++)
                await foreach (var message in Captured(files[index], row, cancellationToken))
                {
                    stretch.Take(message, stretch.IsReachedBy(message));
                    if (stretch.IsDone) break;
                }

        if (!stretch.IsDone && !holds.IsEmpty && !(stretch.Last >= holds.LastSequenceNumber) && (stretch.Last is not null || holds.LastEnqueuedTime > from))
            await foreach (var message in hub.Read(partition, stretch.Last is { } last ? EventPosition.After(last) : EventPosition.EnqueuedAfter(from.AddMilliseconds(-1)), Math.Min(stretch.Through, holds.LastSequenceNumber), cancellationToken))
            {
                stretch.Take(message, stretch.IsReachedBy(message) || holds.BeginSequenceNumber < message.SequenceNumber); // One that was taken before it is still there.
                if (stretch.IsDone) break;
            }

        // All that the hub has ever taken may have been taken long before.
        if (stretch.Last is null && !holds.IsEmpty && holds.LastEnqueuedTime <= from && holds.LastSequenceNumber >= stretch.Through) return stretch.Missing;
        stretch.End(clock.GetUtcNow());
        return stretch.Missing;
    }

    /// <summary>The file to begin with, and its first message; null if no file holds one.</summary>
    private async Task<(int Index, ReceivedEvent? First)> Begin(List<CaptureFile> files, LogRow row, Stretch stretch, CancellationToken cancellationToken)
    {
        var (index, first) = (0, default(ReceivedEvent));
        for (var i = Math.Max(0, files.FindLastIndex(file => file.Time <= stretch.From - FileMargin)); i >= 0 && (first is null || !stretch.IsReachedBy(first)); i--)
            if (await First(files[i], row, cancellationToken) is { } earlier) (index, first) = (i, earlier);
        for (var i = index + 1; i < files.Count && first is null; i++)
            if (await First(files[i], row, cancellationToken) is { } later) (index, first) = (i, later);
        return (index, first);
    }

    private async Task<ReceivedEvent?> First(CaptureFile file, LogRow row, CancellationToken cancellationToken)
    {
        await foreach (var message in Captured(file, row, cancellationToken)) return message;
        return null;
    }

    private async IAsyncEnumerable<ReceivedEvent> Captured(CaptureFile file, LogRow row, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in capture.Read(file, cancellationToken))
            if (message.EnqueuedTime >= row.CreatedAt) yield return message;
    }

    /// <summary>Messages on their way: in order, each once.</summary>
    private sealed class Stretch(long first, long through, DateTimeOffset from, DateTimeOffset to, Action<ReceivedEvent> take)
    {
        private readonly List<MissingLog> _missing = [];
        private DateTimeOffset? _lastTime;

        public IReadOnlyList<MissingLog> Missing => _missing;

        public DateTimeOffset From => from;

        /// <summary>The last message that is needed.</summary>
        public long Through => through;

        /// <summary>The last message that was taken; null if none was.</summary>
        public long? Last { get; private set; }

        public bool IsDone { get; private set; } = through < first;

        /// <summary>True if nothing that is needed stands before it.</summary>
        public bool IsReachedBy(ReceivedEvent message) => message.EnqueuedTime <= from || message.SequenceNumber <= first;

        public void Take(ReceivedEvent message, bool isReached)
        {
            var number = message.SequenceNumber;
            if (number < first || number <= Last) return; // Of the era before, or taken already.
            if (Last is null ? !isReached : number > Last + 1) Lacks(_lastTime ?? from, message.EnqueuedTime, $"Neither captured files nor the hub hold {(Last is { } last ? $"the messages from {last + 1} to" : "what came before message")} {(Last is null ? number : number - 1)} any more.");
            (Last, _lastTime) = (number, message.EnqueuedTime);
            if (number <= through) take(message);
            IsDone = number >= through || message.EnqueuedTime > to + ClockMargin;
        }

        public void End(DateTimeOffset now)
        {
            if (!IsDone) Lacks(_lastTime ?? from, now < to ? now : to, $"{(Last is { } last ? $"After message {last}" : "From then on")}, neither captured files nor the hub hold what was counted up to message {through}.");
        }

        public void Lacks(DateTimeOffset since, DateTimeOffset until, string reason)
        {
            if (until > from) _missing.Add(MissingLog.Of(since < from ? from : since, until, reason));
        }
    }
}
