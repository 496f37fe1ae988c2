using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

// For those who compare what was counted with the log. Both have a turn of their own: neither events nor changes come in between, and hours that settle beside them are the same wherever they stand.
internal sealed partial class VideoGrain
{
    public async ValueTask<CountedDay> Day(DateOnly day, CancellationToken cancellationToken)
    {
        var video = await LoadInTurn(cancellationToken);
        var (open, through) = (video.OpenHours(day), video.SettledThrough); // Before the rows: an hour that settles in between stands in both, and is the same.
        var types = video.Types;
        var hours = new List<HourCells>(open);
        if (through >= TableLayout.FirstHourOf(day))
            foreach (var type in types) hours.AddRange(Settled(await OldDays.Read(store, segments, Id, type, [day], cancellationToken), day, through, open.Where(hour => hour.Type == type)));
        await Confirm();
        return new(video.Position, [.. hours.Where(hour => hour.Cells.Count > 0)], types, video.Revision, video.Removal.At, video.Removal.Through);
    }

    public async ValueTask<bool> Repair(Repair repair, CancellationToken cancellationToken)
    {
        var video = await LoadInTurn(cancellationToken);
        var (type, hour) = (repair.Type, repair.Minutes[0].Minute.Hour);
        var day = TableLayout.DayOf(hour);
        var isDone = await store.ReadCorrection(Id, repair.Id, cancellationToken) is not null;
        while (video.IsFull) await WriteOnce(video);
        OldDays old;
        Cell others;
        RowVersion? read;
        do
        {
            await WaitForWrite();
            read = _version;
            old = await OldDays.Read(store, segments, Id, type, [day], cancellationToken);
            others = await Others(video, type, [day], cancellationToken);
        }
        while (_writing is not null || _version != read);

        // From here to the capture of the row everything happens in one go.
        if (_stale is not null) throw _stale;
        var open = video.OpenHours(day).Where(one => one.Type == type).ToList();
        List<HourCells> hours = [.. open, .. Settled(old, day, video.SettledThrough, open)];
        var stands = hours.Find(one => one.Hour == hour) ?? new(type, hour, []);
        if (!isDone)
        {
            if (video.HasAllTypesBut(type) || repair.Minutes.Any(minute => stands.At(minute.Minute) != minute.Counted))
            {
                await Confirm();
                return false;
            }

            var isOld = IsOld(day) && !video.IsOpen(type, hour);
            if (!isOld) video.Reopen(stands);
            else foreach (var minute in repair.Minutes) old.Set(minute.Minute, minute.Recounted);
            var total = hours.Where(one => one.Hour != hour).SelectMany(one => one.Cells)
                .Concat(stands.Cells.Where(cell => repair.Minutes.All(minute => minute.Minute.OfHour != cell.OfHour)))
                .Select(cell => cell.Cell).Concat(repair.Minutes.Select(minute => minute.Recounted)).Aggregate(others, (sum, cell) => sum + cell);
            video.Repair(type, [.. repair.Minutes.Select(minute => (minute.Minute, minute.Counted, minute.Recounted))], total, isOld);
            if (video.Metadata.ChannelId is { } channel) _untold.Add(channel);
            var record = new Correction(
                repair.Id, Id, type, repair.Minutes[0].Minute, repair.Minutes.Sum(minute => minute.Recounted.Count - minute.Counted.Count),
                repair.Minutes.Sum(minute => minute.Recounted.Sum - minute.Counted.Sum), repair.Reason, repair.At);
            await Write(video, commit => commit with { Correction = record, Whole = isOld ? old.ToWrite() : null, Until = isOld || IsOld(day) ? null : acceptance.Value.YoungUntil(day) });
        }

        await TellShard(always: true);
        return true;
    }

    /// <summary>The hours of a day that are not open, as a reader sees them.</summary>
    private static IEnumerable<HourCells> Settled(OldDays days, DateOnly day, int? through, IEnumerable<HourCells> open) =>
        days.Hours(day).Where(settled => settled.Hour <= through && !open.Any(other => other.Hour == settled.Hour));
}
