using Azure;
using Azure.Data.Tables;

namespace Orleans.Counter.Storage;

/// <summary>Commits the videos of one shard: what gathers while a transaction is under way goes into the next one together.</summary>
/// <remarks>
/// A transaction is all or nothing, so a video that somebody else has written spoils it for all. It is taken out, and the others are tried again.
/// The answer to a transaction may get lost. Then, and after every conflict, the row says whose commit stands there: the commit id is ours only if our commit happened.
/// </remarks>
internal sealed class ShardWriter(TableClient table, SemaphoreSlim running, Patience patience, StorageInstruments instruments, TaskScheduler background)
{
    private readonly Lock _lock = new();
    private readonly Queue<Pending> _waiting = new();
    private bool _isWriting;

    public Task<RowVersion> Commit(VideoCommit commit, RowVersion? version)
    {
        var pending = new Pending(commit, version);
        lock (_lock)
        {
            _waiting.Enqueue(pending);
            if (_isWriting) return pending.Done.Task;
            _isWriting = true;
        }

        // Off the caller's scheduler: a grain that commits must not run the commits of others.
        _ = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.DenyChildAttach, background);
        return pending.Done.Task;
    }

    private async Task WriteAll()
    {
        while (true)
        {
            List<Pending> together = [];
            await running.WaitAsync();
            try
            {
                lock (_lock)
                {
                    if (_waiting.Count == 0)
                    {
                        _isWriting = false;
                        return;
                    }

                    Gather(together);
                }

                await Write(together);
            }
            catch (Exception exception)
            {
                foreach (var pending in together) pending.Done.TrySetException(exception);
            }
            finally
            {
                running.Release();
            }
        }
    }

    private void Gather(List<Pending> together)
    {
        var (operations, bytes) = (0, 0);
        while (_waiting.TryPeek(out var next) && operations + next.Operations <= TableLayout.OperationsMax
            && (operations == 0 || bytes + next.Bytes <= TableLayout.TransactionBytesMax)
            && !together.Exists(pending => pending.Row.Video == next.Row.Video)) // A transaction that names a row twice fails as a whole.
        {
            operations += next.Operations;
            bytes += next.Bytes;
            together.Add(_waiting.Dequeue());
        }
    }

    private async Task Write(List<Pending> together)
    {
        for (var attempt = 0; await AreInTime(together);)
        {
            try
            {
                // Several may change the same day, which is said once. It has no version, so no conflict is its fault.
                var changed = together.SelectMany(pending => pending.Changed).Distinct().Select(day => new TableTransactionAction(TableTransactionActionType.UpsertReplace, RowCodec.Encode(day)));
                var answer = await table.SubmitTransactionAsync([.. together.SelectMany(pending => pending.Actions), .. changed]);
                instruments.Committed(together.Count, answer.Value.Count);
                var operation = 0;
                foreach (var pending in together)
                {
                    pending.Done.TrySetResult(new(answer.Value[operation].Headers.ETag.GetValueOrDefault().ToString()));
                    operation += pending.Actions.Count;
                }

                return;
            }
            catch (TableTransactionFailedException conflict) when (conflict.Status is 404 or 409 or 412)
            {
                var spoiler = Owner(together, conflict.FailedTransactionActionIndex ?? 0);
                await Settle(spoiler);
                together.Remove(spoiler);
                attempt = 0; // The storage answers.
            }
            catch (Exception exception) when (Patience.MayPass(exception, CancellationToken.None))
            {
                instruments.Unanswered();
                await patience.Pause(attempt++, CancellationToken.None);
                if (await IsOurs(together[0]) is not null)
                    foreach (var pending in together) await Settle(pending);
                together.RemoveAll(pending => pending.Done.Task.IsCompleted);
            }
        }
    }

    /// <summary>Takes out what came too late. False if nothing is left.</summary>
    private async ValueTask<bool> AreInTime(List<Pending> together)
    {
        foreach (var late in together.Where(pending => pending.Until < patience.Now).ToList())
        {
            await Settle(late);
            together.Remove(late);
        }

        return together.Count > 0;
    }

    /// <summary>Answers a commit by what stands in the table: ours, then with the version that it has now; somebody else's, then the writer is stale.</summary>
    private async Task Settle(Pending pending)
    {
        if (await IsOurs(pending) is { } version) pending.Done.TrySetResult(version);
        else pending.Done.TrySetException(new StaleWriterException($"{pending.Entity.PartitionKey}/{pending.Entity.RowKey}"));
    }

    private Task<RowVersion?> IsOurs(Pending pending) => patience.Until<RowVersion?>(
        async _ =>
        {
            var stands = await table.GetEntityIfExistsAsync<TableEntity>(pending.Entity.PartitionKey, pending.Entity.RowKey, [RowCodec.Commit]);
            return stands.HasValue && stands.Value!.GetGuid(RowCodec.Commit) == pending.Row.Commit ? new RowVersion(stands.Value.ETag.ToString()) : null;
        },
        CancellationToken.None);

    private static Pending Owner(List<Pending> together, int operation)
    {
        foreach (var pending in together)
        {
            if (operation < pending.Actions.Count) return pending;
            operation -= pending.Actions.Count;
        }

        throw new InvalidOperationException("The service blames an operation that was not in the transaction.");
    }

    /// <summary>A video's row and what changes with it: the row first, so that its version is the first of its answers.</summary>
    private sealed class Pending
    {
        public Pending(VideoCommit commit, RowVersion? version)
        {
            (Row, Until) = (commit.Row, commit.Until);
            Entity = RowCodec.Encode(Row);
            var video = InPlaceOf(version, Entity);
            var days = RowCodec.Encode(Row.Video, commit.Settled).ToList();
            if (days.Count > TableLayout.SettledDaysMax) throw new ArgumentException($"A commit settles into {days.Count} day rows; at most {TableLayout.SettledDaysMax} fit.", nameof(commit));
            Actions = [video, .. days.Select(day => new TableTransactionAction(TableTransactionActionType.UpsertMerge, day)), .. Beside(commit)];
            Changed = [.. (commit.Whole?.Days ?? []).Select(day => new ChangedDay(Shard.Of(Row.Video), day.Row.Day))];
            if (Changed.Count > TableLayout.WholeDaysMax) throw new ArgumentException($"A commit sets {Changed.Count} days whole; at most {TableLayout.WholeDaysMax} fit.", nameof(commit));
            if (Operations > TableLayout.OperationsMax) throw new ArgumentException($"A commit makes {Operations} changes; at most {TableLayout.OperationsMax} fit.", nameof(commit));
            Bytes = Actions.Sum(action => RowCodec.SizeOf((TableEntity)action.Entity));
        }

        public VideoRow Row { get; }

        public TableEntity Entity { get; }

        public DateTimeOffset? Until { get; }

        public IReadOnlyList<TableTransactionAction> Actions { get; }

        /// <summary>Days of the shard that it changes; another commit of the same transaction may change them, too.</summary>
        public IReadOnlyList<ChangedDay> Changed { get; }

        public int Operations => Actions.Count + Changed.Count;

        public int Bytes { get; }

        public TaskCompletionSource<RowVersion> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private static IEnumerable<TableTransactionAction> Beside(VideoCommit commit)
        {
            var key = TableLayout.PartitionKey(Shard.Of(commit.Row.Video));
            if (commit.Channel?.From is { } from) yield return new(TableTransactionActionType.Delete, Owned(from), ETag.All);
            if (commit.Channel?.To is { } to) yield return new(TableTransactionActionType.UpsertReplace, Owned(to));
            if (commit.Correction is { } correction) yield return new(TableTransactionActionType.Add, RowCodec.Encode(correction));
            foreach (var (type, day) in commit.Removed ?? []) yield return new(TableTransactionActionType.Delete, new TableEntity(key, TableLayout.DayKey(commit.Row.Video, type, day)), ETag.All);
            if (commit.Whole is not { } whole) yield break;
            yield return InPlaceOf(whole.MonthVersion, RowCodec.Encode(whole.Month));
            foreach (var (day, version) in whole.Days) yield return InPlaceOf(version, RowCodec.Encode(day));

            TableEntity Owned(string channel) => new(key, TableLayout.ChannelKey(channel, commit.Row.Video.Value));
        }

        private static TableTransactionAction InPlaceOf(RowVersion? version, TableEntity entity) =>
            version is { } known ? new(TableTransactionActionType.UpdateReplace, entity, new ETag(known.Value)) : new(TableTransactionActionType.Add, entity);
    }
}
