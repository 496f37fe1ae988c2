using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>One run of a group: archives the days that are sealed, then what has changed in archived ones, and takes from the table what need not be there any more.</summary>
/// <remarks>
/// It may break off at any line, and the next run goes on. Two at once do no harm, because of the order of reads and writes:
/// <list type="bullet">
/// <item>A segment is found before the rows are read that go into it, and written in place of what was found: who read older rows than somebody else has written is refused.</item>
/// <item>Month rows are read before day rows: who changes an old day row writes the month row in the same transaction, so what is written from older day rows is refused.</item>
/// <item>The group's row changes with everything that the manifest says. Between reading the rows of a day and writing its segment it must not have changed: then nobody can have deleted some of them.</item>
/// <item>Rows are deleted when the group's row says so, and not before; a reader that does not find one looks there again.</item>
/// </list>
/// Whoever is refused begins anew, with everything read again.
/// </remarks>
internal sealed class RollupRun(
    Group group, IRollupStore rollups, ISegmentStore segments, Seals seals, RollupPlan plan, RollupOptions options, LogIdentity log, ISettleVideos videos, TimeProvider clock, RollupInstruments instruments)
{
    private const int AttemptsMax = 20;
    private const int SettleRoundsMax = 10;
    private const int VideosAtOnce = 64;

    /// <summary>How many changed days are worked on together: reading a shard costs as much for one as for many.</summary>
    private const int ChangedDaysAtOnce = 31;

    private Versioned<GroupRow> _group = null!;

    /// <summary>The last day that no event can change any more; null before that was found out.</summary>
    public DateOnly? SealedThrough { get; private set; }

    /// <summary>What keeps the day after it from being sealed; null if nothing but the time.</summary>
    public HeldBack? HeldBack { get; private set; }

    /// <exception cref="RollupException">What was read back is not what was written.</exception>
    /// <exception cref="InvalidDataException">Something that is stored was damaged.</exception>
    public async Task Go(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Pass(cancellationToken);
                return;
            }
            catch (StaleWriterException) when (attempt < AttemptsMax)
            {
                instruments.BeganAnew();
            }
        }
    }

    private async Task Pass(CancellationToken cancellationToken)
    {
        _group = await rollups.ReadGroup(group, cancellationToken) ?? await Begin(cancellationToken);
        instruments.IsThrough(group, _group.Row.ArchivedThrough);
        (SealedThrough, HeldBack) = await seals.Find(_group.Row.ArchivedThrough, clock.GetUtcNow(), cancellationToken);
        if (SealedThrough > _group.Row.ArchivedThrough)
        {
            await Settle(SealedThrough.Value, cancellationToken);
            await SkipEmptyDays(SealedThrough.Value, cancellationToken);
            while (_group.Row.ArchivedThrough < SealedThrough) await Archive(_group.Row.ArchivedThrough.AddDays(1), cancellationToken);
        }

        await ArchiveChanges(cancellationToken);
        await Retire(cancellationToken);
        await Cool(cancellationToken);
    }

    /// <summary>The first start of all.</summary>
    private async Task<Versioned<GroupRow>> Begin(CancellationToken cancellationToken)
    {
        // A log before this one may have left hours open that are older than anything it can bring: they become day rows first.
        await Settle(plan.LiveFrom(log.HubCreatedAt, firstDay: null).AddDays(-1), cancellationToken);
        var liveFrom = plan.LiveFrom(log.HubCreatedAt, await FirstDay(cancellationToken));
        var row = new GroupRow(liveFrom, liveFrom.AddDays(-1), liveFrom.AddDays(-1));
        return new(row, await rollups.WriteGroup(group, row, null, [], cancellationToken));
    }

    /// <summary>Has every video write down the hours of sealed days that it still holds open: nothing opens them again.</summary>
    private async Task Settle(DateOnly through, CancellationToken cancellationToken)
    {
        var lastHour = TableLayout.FirstHourOf(through) + 23;
        foreach (var shard in group.Shards)
            for (var round = 0; await rollups.FindOpen(shard, lastHour, cancellationToken) is { Count: > 0 } open; round++)
            {
                if (round == SettleRoundsMax) throw new RollupException($"'{open[0]}' and {open.Count - 1} other videos of shard {shard} keep hours of {through:yyyy-MM-dd} or before open, however often they are asked to settle them.");
                foreach (var some in open.Chunk(VideosAtOnce)) await Task.WhenAll(some.Select(video => videos.Settle(video, cancellationToken)));
            }
    }

    /// <summary>Where no shard has a row before some day, there is nothing to archive until then.</summary>
    private async Task SkipEmptyDays(DateOnly through, CancellationToken cancellationToken)
    {
        var empty = await FirstDay(cancellationToken) is { } first && first <= through ? first.AddDays(-1) : through;
        if (empty > _group.Row.ArchivedThrough) await Save(_group.Row with { ArchivedThrough = empty }, [], cancellationToken);
    }

    private async Task Archive(DateOnly day, CancellationToken cancellationToken)
    {
        var id = new SegmentId(day, group);
        var found = await segments.Find(id, cancellationToken);
        var days = new List<PackedDay>();
        foreach (var shard in group.Shards) days.AddRange(await WriteMonths(shard, day, cancellationToken));
        days.Sort(PackedDay.Order);
        await Confirm(cancellationToken);
        ArchivedDay[] manifest = [];
        if (days.Count > 0 || found is not null) manifest = [Described(await WriteSegment(id, days, found, cancellationToken), version: 1, retiredAt: null)];
        await Save(_group.Row with { ArchivedThrough = day }, manifest, cancellationToken);
        instruments.Archived(manifest);
    }

    /// <summary>Sets a day in the month rows of a shard to what its day rows hold.</summary>
    /// <returns>Those that are not empty.</returns>
    private async Task<IReadOnlyList<PackedDay>> WriteMonths(Shard shard, DateOnly day, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var months = (await rollups.ReadMonths(shard, TableLayout.MonthOf(day), cancellationToken)).ToDictionary(month => (month.Row.Video, month.Row.Type));
            var days = await rollups.ReadDays(shard, day, cancellationToken);
            try
            {
                await rollups.WriteMonths(shard, Differing(months, days, day), cancellationToken);
                return [.. days.Where(row => row.Row.Hours.Count > 0).Select(row => PackedDay.Of(row.Row.Video, row.Row.Type, row.Row.Hours))];
            }
            catch (StaleWriterException) when (attempt < AttemptsMax)
            {
                instruments.BeganAnew();
            }
        }
    }

    /// <summary>A row that is not there says nothing: somebody may have archived the day meanwhile, and deleted it.</summary>
    private static List<(MonthRow, RowVersion?)> Differing(Dictionary<(VideoId, EventType), Versioned<MonthRow>> months, IReadOnlyList<Versioned<DayRow>> days, DateOnly day)
    {
        var differing = new List<(MonthRow, RowVersion?)>();
        foreach (var (row, _) in days)
        {
            var quarters = QuarterCell.Of(row.Hours);
            if (months.TryGetValue((row.Video, row.Type), out var month) ? !month.Row.Days.GetValueOrDefault(day.Day, []).SequenceEqual(quarters) : quarters.Count > 0)
                differing.Add(((month?.Row ?? new(row.Video, row.Type, TableLayout.MonthOf(day), new Dictionary<int, IReadOnlyList<QuarterCell>>())).With(day, quarters), month?.Version));
        }

        return differing;
    }

    /// <summary>Writes a segment, and reads it back: what is not there as it was written is not archived.</summary>
    private async Task<Segment> WriteSegment(SegmentId id, List<PackedDay> days, Segment? instead, CancellationToken cancellationToken)
    {
        var written = await segments.Write(id, days.Select(day => day.Unpack()), instead, cancellationToken);
        var next = 0;
        await foreach (var day in segments.Read(written, cancellationToken))
        {
            var stands = PackedDay.Of(day);
            if (next == days.Count || !days[next++].Says(stands)) throw new RollupException($"The segment {TableLayout.SegmentName(id)} holds '{stands.Video}' with type '{stands.Type}' otherwise than it was written.");
        }

        return next == days.Count ? written : throw new RollupException($"The segment {TableLayout.SegmentName(id)} lacks '{days[next].Video}' with type '{days[next].Type}', which was written.");
    }

    /// <summary>What was changed in archived days goes into their segments, and the notes of it are taken away.</summary>
    private async Task ArchiveChanges(CancellationToken cancellationToken)
    {
        var notes = new List<Versioned<ChangedDay>>();
        foreach (var shard in group.Shards) notes.AddRange((await rollups.ReadChanged(shard, cancellationToken)).Where(note => note.Row.Day <= _group.Row.ArchivedThrough));
        foreach (var some in notes.Select(note => note.Row.Day).Distinct().Order().Chunk(ChangedDaysAtOnce))
            await ArchiveChanges([.. some], [.. notes.Where(note => some.Contains(note.Row.Day))], cancellationToken);
    }

    private async Task ArchiveChanges(DateOnly[] days, List<Versioned<ChangedDay>> notes, CancellationToken cancellationToken)
    {
        var found = new Dictionary<DateOnly, Segment?>();
        foreach (var day in days) found[day] = await segments.Find(new(day, group), cancellationToken);
        var changes = new List<Change>();
        foreach (var shard in notes.Select(note => note.Row.Shard).Distinct())
            changes.AddRange((await rollups.ReadChangedDays(shard, days[0], days[^1], cancellationToken)).Where(row => found.ContainsKey(row.Row.Day)).Select(row => new Change(shard, row)));

        var known = (await rollups.ReadManifest(group, days[0], days[^1], cancellationToken)).ToDictionary(day => day.Day);
        var manifest = new List<ArchivedDay>();
        foreach (var day in changes.GroupBy(change => change.Day).OrderBy(day => day.Key))
        {
            if (await MergeInto(new(day.Key, group), found[day.Key], [.. day.Select(change => change.Packed)], cancellationToken) is not { } segment) continue;
            var before = known.GetValueOrDefault(day.Key);
            var isRetired = day.Key < _group.Row.RetiredThrough; // Of the last one that was, rows may be left: it is finished below.
            manifest.Add(Described(segment, (before?.Version ?? 0) + 1, before?.RetiredAt ?? (isRetired ? clock.GetUtcNow() : null)));
        }

        if (manifest.Count > 0) await Save(_group.Row, manifest, cancellationToken);
        foreach (var shard in notes.GroupBy(note => note.Row.Shard)) await TakeAway(shard.Key, [.. shard], [.. changes.Where(change => change.Shard == shard.Key)], cancellationToken);
        instruments.ArchivedChanges(manifest);
    }

    /// <returns>Null if there never was anything.</returns>
    private async Task<Segment?> MergeInto(SegmentId id, Segment? found, List<PackedDay> changed, CancellationToken cancellationToken)
    {
        var all = changed.Where(day => !day.IsEmpty).ToList();
        var keys = changed.Select(day => (day.Video, day.Type)).ToHashSet();
        if (found is not null)
            await foreach (var day in segments.Read(found, cancellationToken))
                if (!keys.Contains((day.Video, day.Type))) all.Add(PackedDay.Of(day));
        if (all.Count == 0 && found is null) return null;
        all.Sort(PackedDay.Order);
        var segment = await WriteSegment(id, all, found, cancellationToken);
        if (id.Day <= plan.CooledBy(clock.GetUtcNow())) await segments.Cool(id, options.ColdTier, cancellationToken);
        return segment;
    }

    /// <summary>Rows that the archive holds by now: those of retired days go, others are marked; then the notes go, if nothing was changed since they were read.</summary>
    private async Task TakeAway(Shard shard, IReadOnlyList<Versioned<ChangedDay>> notes, IReadOnlyList<Change> changes, CancellationToken cancellationToken)
    {
        var byRetired = changes.ToLookup(change => change.Day <= _group.Row.RetiredThrough, change => change.Row);
        await rollups.DeleteDays(shard, [.. byRetired[true]], cancellationToken);
        await rollups.MarkArchived(shard, [.. byRetired[false]], cancellationToken);
        await rollups.DeleteChanged(shard, notes, cancellationToken);
    }

    /// <summary>Deletes the rows of days that need not be in the table any more; what was changed meanwhile stays until the archive holds it.</summary>
    private async Task Retire(CancellationToken cancellationToken)
    {
        await FinishRetiring(cancellationToken);
        var allowed = plan.RetiredBy(clock.GetUtcNow());
        var through = allowed < _group.Row.ArchivedThrough ? allowed : _group.Row.ArchivedThrough;
        if (through <= _group.Row.RetiredThrough) return;
        foreach (var day in await rollups.ReadManifest(group, _group.Row.RetiredThrough.AddDays(1), through, cancellationToken))
        {
            await Save(_group.Row with { RetiredThrough = day.Day }, [], cancellationToken);
            await FinishRetiring(cancellationToken);
        }

        if (_group.Row.RetiredThrough < through) await Save(_group.Row with { RetiredThrough = through }, [], cancellationToken); // Days that hold nothing.
    }

    /// <summary>Deletes the rows of the last day that was retired, unless the manifest says that it is done.</summary>
    private async Task FinishRetiring(CancellationToken cancellationToken)
    {
        var day = _group.Row.RetiredThrough;
        if ((await rollups.ReadManifest(group, day, day, cancellationToken)).SingleOrDefault() is not { RetiredAt: null } archived) return;
        foreach (var shard in group.Shards)
            await rollups.DeleteDays(shard, [.. (await rollups.ReadDays(shard, day, cancellationToken)).Where(row => !row.Row.IsChanged)], cancellationToken);
        await Save(_group.Row, [archived with { RetiredAt = clock.GetUtcNow() }], cancellationToken);
        instruments.Retired();
    }

    private async Task Cool(CancellationToken cancellationToken)
    {
        if (plan.CooledBy(clock.GetUtcNow()) is not { } allowed) return;
        var through = allowed < _group.Row.ArchivedThrough ? allowed : _group.Row.ArchivedThrough;
        if (through <= _group.Row.CooledThrough) return;
        foreach (var day in await rollups.ReadManifest(group, _group.Row.CooledThrough?.AddDays(1) ?? DateOnly.MinValue, through, cancellationToken)) await segments.Cool(new(day.Day, group), options.ColdTier, cancellationToken);
        await Save(_group.Row with { CooledThrough = through }, [], cancellationToken);
    }

    private async Task<DateOnly?> FirstDay(CancellationToken cancellationToken)
    {
        DateOnly? first = null;
        foreach (var shard in group.Shards)
            if (await rollups.FirstDay(shard, cancellationToken) is { } day && !(first <= day)) first = day;
        return first;
    }

    /// <summary>Nobody has said anything of the group since it was read.</summary>
    private async Task Confirm(CancellationToken cancellationToken)
    {
        if (await rollups.ReadGroup(group, cancellationToken) is not { } stands || stands.Version != _group.Version) throw new StaleWriterException($"{TableLayout.RollupTable}/{group}");
    }

    private async Task Save(GroupRow row, IReadOnlyList<ArchivedDay> manifest, CancellationToken cancellationToken)
    {
        _group = new(row, await rollups.WriteGroup(group, row, _group.Version, manifest, cancellationToken));
        instruments.IsThrough(group, row.ArchivedThrough);
    }

    private ArchivedDay Described(Segment segment, int version, DateTimeOffset? retiredAt) => new(segment.Id.Day, version, segment.Rows, segment.Count, segment.Bytes, clock.GetUtcNow(), retiredAt);

    /// <summary>A row that has changed, as few bytes.</summary>
    private readonly record struct Change(Shard Shard, DateOnly Day, PackedDay Packed, RowVersion Version)
    {
        public Change(Shard shard, Versioned<DayRow> row) : this(shard, row.Row.Day, PackedDay.Of(row.Row.Video, row.Row.Type, row.Row.Hours), row.Version)
        {
        }

        public Versioned<DayRow> Row => new(new(Packed.Video, Packed.Type, Day, Packed.Unpack().Hours, IsChanged: true), Version);
    }
}

/// <summary>Whoever can make a video write down the hours that it holds open and that are due.</summary>
internal interface ISettleVideos
{
    Task Settle(VideoId video, CancellationToken cancellationToken);
}
