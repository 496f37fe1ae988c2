using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

// What changes a video beside the log. A young day is changed as the log changes it: its hour is opened, and settles again. Rollup may be about to archive an old one, or have done so: it is read whole,
// and set whole, with its month, in the same transaction as the row and in place of what was read. An hour that is open is never old, whatever the clock says: the log brought it, so its day is not sealed.
// What is read for a change has to be what stands when it is made. A write beside it may settle hours; so who has read looks whether there was one, and reads again.
internal sealed partial class VideoGrain
{
    public async ValueTask<Corrected> Correct(Correction correction, CancellationToken cancellationToken)
    {
        var video = await LoadInTurn(cancellationToken);
        var (type, minute, day) = (correction.Type, correction.Minute, TableLayout.DayOf(correction.Minute.Hour));
        var done = await store.ReadCorrection(Id, correction.Id, cancellationToken);
        while (video.IsFull) await WriteOnce(video);
        OldDays? old;
        HourCells? settled;
        RowVersion? read;
        do
        {
            await WaitForWrite();
            (old, settled, read) = (null, null, _version);
            if (video.IsOpen(type, minute.Hour)) continue;
            if (IsOld(day)) old = await OldDays.Read(store, segments, Id, type, [day], cancellationToken);
            else if (video.IsSettled(type, minute.Hour)) settled = (await ReadHours([(type, minute.Hour)], cancellationToken))[0];
        }
        while (_writing is not null || _version != read);

        // From here to the capture of the row everything happens in one go.
        if (_stale is not null) throw _stale;
        var stands = old?.At(minute) ?? settled?.At(minute) ?? video.At(type, minute);
        if (done is null)
        {
            if (stands.Count + correction.Count < 0) return await Refusal(CorrectionOutcome.TooMuch);
            if (video.HasAllTypesBut(type)) return await Refusal(CorrectionOutcome.TooManyTypes);
            stands = stands.Corrected(correction.Count, correction.Sum, correction.Min, correction.Max);
            old?.Set(minute, stands);
            if (settled is not null) video.Reopen(settled);
            if (old is null) video.Correct(correction, stands);
            else video.CorrectOld(correction);
            if (video.Metadata.ChannelId is { } channel) _untold.Add(channel);
            await Write(video, commit => commit with { Correction = correction, Whole = old?.ToWrite(), Until = old is null && !IsOld(day) ? acceptance.Value.YoungUntil(day) : null });
        }
        else if (correction with { At = done.At } != done)
        {
            return new(CorrectionOutcome.Differs, stands, video.Total(type));
        }

        await TellShard(always: true);
        return new(CorrectionOutcome.Done, stands, video.Total(type));

        async Task<Corrected> Refusal(CorrectionOutcome outcome)
        {
            var refused = new Corrected(outcome, stands, video.Total(type));
            await Confirm();
            return refused;
        }
    }

    public async ValueTask<Imported> Import(EventType type, IReadOnlyList<ImportedMinute> minutes, CancellationToken cancellationToken)
    {
        var video = await LoadInTurn(cancellationToken);
        var days = minutes.GroupBy(minute => TableLayout.DayOf(minute.Minute.Hour)).OrderBy(day => day.Key).ToList();
        if (days.Exists(day => !IsOld(day.Key) || video.IsOpen(type, day.Key))) return await Refusal(ImportOutcome.NotSealed);
        if (video.HasAllTypesBut(type)) return await Refusal(ImportOutcome.TooManyTypes);
        var set = 0;
        foreach (var some in days.GroupBy(day => TableLayout.MonthOf(day.Key)).SelectMany(month => month.Chunk(TableLayout.WholeDaysMax))) set += await Import(video, type, some, cancellationToken);
        await TellShard(always: true);
        return new(ImportOutcome.Done, set, days.Count - set);

        async Task<Imported> Refusal(ImportOutcome outcome)
        {
            await Confirm();
            return new(outcome);
        }
    }

    public async ValueTask<bool> Remove(CancellationToken cancellationToken)
    {
        var video = await LoadInTurn(cancellationToken);
        while (_writing is not null) await WaitForWrite(); // What it settles has to be known, so that it is removed, too.
        if (_stale is not null) throw _stale;
        var known = video.IsKnown;
        if (known)
        {
            if (video.Metadata.ChannelId is { } channel) _untold.Add(channel);
            video.Remove(clock.GetUtcNow());
            await Write(video, commit => commit);
        }
        else
        {
            await Confirm();
        }

        await RemoveDays(video);
        await TellShard(always: true);
        return known;
    }

    private bool IsOld(DateOnly day) => clock.GetUtcNow() >= acceptance.Value.OldFrom(day);

    /// <summary>Sets days of one month.</summary>
    /// <returns>How many hold something else now.</returns>
    private async Task<int> Import(Video video, EventType type, IReadOnlyList<IGrouping<DateOnly, ImportedMinute>> days, CancellationToken cancellationToken)
    {
        OldDays old;
        Cell? others;
        RowVersion? read;
        do
        {
            await WaitForWrite();
            read = _version;
            old = await OldDays.Read(store, segments, Id, type, [.. days.Select(day => day.Key)], cancellationToken);
            foreach (var (minute, cell) in days.SelectMany(day => day)) old.Set(minute, cell);
            others = HasLostAnEnd(video.Total(type), old.Before, old.After) ? await Others(video, type, old.ChangedDays, cancellationToken) : null;
        }
        while (_writing is not null || _version != read);

        // From here to the capture of the row everything happens in one go.
        if (_stale is not null) throw _stale;
        if (old.ToWrite() is not { } whole) return 0;
        video.Import(type, old.Changes, others, old.After);
        if (video.Metadata.ChannelId is { } channel) _untold.Add(channel);
        await Write(video, commit => commit with { Whole = whole });
        return whole.Days.Count;
    }

    /// <summary>True if the smallest or the largest value of all time was in these days, and is not any more.</summary>
    private static bool HasLostAnEnd(Cell total, Cell before, Cell after) =>
        before.Count > 0 && ((before.Min <= total.Min && !(after.Count > 0 && after.Min <= before.Min)) || (before.Max >= total.Max && !(after.Count > 0 && after.Max >= before.Max)));

    /// <summary>What all other days hold, as far as the smallest and the largest value go.</summary>
    private async Task<Cell> Others(Video video, EventType type, IReadOnlyList<DateOnly> except, CancellationToken cancellationToken)
    {
        var recent = video.Recent(type);
        if (recent.First is not { } first) return Cell.Nothing;
        var open = recent.Open.Select(hour => hour.Hour).ToHashSet();
        var seen = except.ToHashSet();
        var others = recent.Open.Where(hour => !seen.Contains(TableLayout.DayOf(hour.Hour))).Aggregate(Cell.Nothing, (sum, hour) => sum + hour.Total);
        if (recent.SettledThrough is not { } through) return others;
        var (firstDay, lastDay) = (TableLayout.DayOf(first.Hour), TableLayout.DayOf(through));

        // Rows first, months after them: a day that is archived in between stands in both.
        foreach (var row in await NotArchived([type], firstDay, lastDay, cancellationToken))
            if (seen.Add(row.Row.Day))
                others = row.Row.Hours.Where(hour => !open.Contains(hour.Hour)).Aggregate(others, (sum, hour) => sum + hour.Total);
        for (var month = TableLayout.MonthOf(firstDay); month <= lastDay; month = month.AddMonths(1))
            foreach (var (ofMonth, quarters) in (await store.ReadMonth(Id, type, month, cancellationToken))?.Row.Days ?? new Dictionary<int, IReadOnlyList<QuarterCell>>())
                if (!seen.Contains(month.AddDays(ofMonth - 1))) others = quarters.Aggregate(others, (sum, quarter) => sum + quarter.Cell);
        return others;
    }

    /// <summary>The day rows of days of which no month row need say anything.</summary>
    private async Task<IReadOnlyList<Versioned<DayRow>>> NotArchived(IReadOnlyList<EventType> types, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        if ((await rollups.ReadGroup(Group.Of(Id), cancellationToken))?.Row.ArchivedThrough is { } archived && archived >= first) first = archived.AddDays(1);
        return first <= last ? await store.FindDays(Id, new(types, first, last), cancellationToken) : [];
    }

    /// <summary>The rest of a removal. Each transaction has the video's row in it, so that no activation that was replaced can remove what came later; until the last one nothing new is added.</summary>
    private async Task RemoveDays(Video video)
    {
        if (video.Removing is not { } days) return;
        var rows = (await NotArchived(days.Types, days.First, days.Last, CancellationToken.None)).ToLookup(row => (row.Row.Type, TableLayout.MonthOf(row.Row.Day)));
        foreach (var type in days.Types)
            for (var month = TableLayout.MonthOf(days.First); month <= days.Last; month = month.AddMonths(1))
                await RemoveMonth(video, type, month, [.. rows[(type, month)]]);
        while (_writing is not null) await WaitForWrite();
        video.Removing = null;
        await Write(video, commit => commit);
    }

    /// <summary>Takes away the rows of young days, and empties old ones; and days that the month says something of, whatever the clock says: somebody whose clock is ahead has set them whole.</summary>
    private async Task RemoveMonth(Video video, EventType type, DateOnly month, IReadOnlyList<Versioned<DayRow>> notArchived)
    {
        var read = await store.ReadMonth(Id, type, month, CancellationToken.None);
        var held = (read?.Row.Days ?? new Dictionary<int, IReadOnlyList<QuarterCell>>()).Where(day => day.Value.Count > 0).Select(day => month.AddDays(day.Key - 1)).ToHashSet();
        var young = notArchived.Select(row => row.Row.Day).Where(day => !IsOld(day)).ToHashSet();
        if (young.Count > 0)
        {
            while (_writing is not null) await WaitForWrite();
            await Write(video, commit => commit with { Removed = [.. young.Select(day => (type, day))], Until = young.Min(acceptance.Value.YoungUntil) });
        }

        held.UnionWith(notArchived.Where(row => row.Row.Hours.Count > 0 && !young.Contains(row.Row.Day)).Select(row => row.Row.Day));
        foreach (var some in held.Order().Chunk(TableLayout.WholeDaysMax))
        {
            read = await store.ReadMonth(Id, type, month, CancellationToken.None); // One that was emptied in part has another version.
            var row = read?.Row ?? new(Id, type, month, new Dictionary<int, IReadOnlyList<QuarterCell>>());
            var emptied = await Task.WhenAll(some.Select(async day => (new DayRow(Id, type, day, [], IsChanged: true), (await store.ReadDay(Id, type, day, CancellationToken.None))?.Version)));
            while (_writing is not null) await WaitForWrite();
            await Write(video, commit => commit with { Whole = new(some.Aggregate(row, (row, day) => row.With(day, [])), read?.Version, emptied) });
        }
    }
}
