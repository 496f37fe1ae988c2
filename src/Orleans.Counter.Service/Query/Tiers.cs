using Orleans.Counter.Counting;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Query;

/// <summary>What is stored of a video: open hours, day rows, month rows and segments, and each minute from exactly one of them.</summary>
/// <remarks>
/// Days that are archived come from month rows, as far as no quarter hour is cut: a point read for a month. Others come from their day row. Where that is missing, the day is empty, or its row was deleted after its segment
/// was written: so the segment is read after the row was missed, and the group's row, which says that the segment has to be asked, is written before any row is deleted.
/// </remarks>
internal sealed class Tiers(ICountStore rows, ISegmentStore segments, Watermarks watermarks, PartCache cache, QueryInstruments instruments, TimeProvider clock)
{
    private const int ReadsAtOnce = 16;

    // A day row outlives its day by more than this, whatever this instance, or another one, has for options.
    private static readonly TimeSpan KeptAtLeast = RollupOptions.HotBeyondWindow;

    /// <summary>What each granule holds that is not empty, in order.</summary>
    /// <param name="video">The video.</param>
    /// <param name="type">The type.</param>
    /// <param name="recent">What the video has answered: an hour that settles after it stands in both places then, and the open one wins. The other way around it could be missed.</param>
    /// <param name="granules">What is asked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<GranuleCell>> Read(VideoId video, EventType type, Recent recent, Granules granules, CancellationToken cancellationToken)
    {
        if (recent.First is not { } first || recent.Last is not { } last || granules.Range.Within(first, last) is not { } within) return [];
        var mark = await watermarks.Known(Group.Of(video), cancellationToken);
        while (true)
        {
            var parts = Plan(granules, within, mark);
            if (await Read(new Question(video, type, recent, granules, mark), parts, cancellationToken)) return Join(granules, parts);
            var now = await watermarks.Fresh(Group.Of(video), cancellationToken);
            if (now == mark) return Join(granules, parts); // No row that was missing has been deleted: those days are empty.
            mark = now;
        }
    }

    /// <summary>The parts in which a range is read, in order: days of a month that are archived together, others by themselves.</summary>
    private static List<Part> Plan(Granules granules, MinuteRange within, Watermark mark)
    {
        var parts = new List<Part>();
        var last = TableLayout.DayOf(new Minute(within.To.Number - 1).Hour);
        for (var day = TableLayout.DayOf(within.From.Hour); day <= last; day = day.AddDays(1))
        {
            var start = TableLayout.FirstHourOf(day) * Minute.PerHour;
            var range = new MinuteRange(new(Math.Max(start, granules.Range.From.Number)), new(Math.Min(start + Minute.PerDay, granules.Range.To.Number)));
            var (isArchived, byMinute) = (day <= mark.ArchivedThrough, granules.CutQuarters(range));
            if (isArchived && !byMinute && parts is [.., { ByMonth: true } before] && TableLayout.MonthOf(before.First) == TableLayout.MonthOf(day)) before.Range = new(before.Range.From, range.To);
            else parts.Add(new(range, day, isArchived, isArchived && !byMinute));
        }

        return parts;
    }

    private static IReadOnlyList<GranuleCell> Join(Granules granules, List<Part> parts)
    {
        if (parts is [var only]) return only.Cells;
        var fold = new Fold(granules);
        foreach (var part in parts)
            foreach (var cell in part.Cells) fold.Add(cell);
        return fold.Cells;
    }

    /// <returns>False if a day row was missing, which may have been deleted since the watermark was read.</returns>
    private async Task<bool> Read(Question question, List<Part> parts, CancellationToken cancellationToken)
    {
        List<Part> unknown = [];
        foreach (var part in parts)
        {
            if (part.IsArchived && cache.Find(question.KeyOf(part), question.Recent.Revision) is { } kept)
            {
                instruments.Kept();
                part.Cells = kept;
            }
            else
            {
                unknown.Add(part);
            }
        }

        using var turns = new SemaphoreSlim(ReadsAtOnce);
        await Task.WhenAll(unknown.Select(ReadInTurn));
        foreach (var part in unknown)
            if (part.IsArchived && !part.IsMissing) cache.Keep(question.KeyOf(part), question.Recent.Revision, [.. part.Cells]);
        return !unknown.Exists(part => part.IsMissing);

        async Task ReadInTurn(Part part)
        {
            await turns.WaitAsync(cancellationToken);
            await Read(question, part, cancellationToken);
            turns.Release();
        }
    }

    private async ValueTask Read(Question question, Part part, CancellationToken cancellationToken)
    {
        var fold = new Fold(question.Granules);
        if (part.ByMonth) await ReadMonth(question, part, fold, cancellationToken);
        else await ReadDay(question, part, fold, cancellationToken);
        part.Cells = fold.Cells;
    }

    private async ValueTask ReadMonth(Question question, Part part, Fold fold, CancellationToken cancellationToken)
    {
        instruments.Read("month");
        if (await rows.ReadMonth(question.Video, question.Type, TableLayout.MonthOf(part.First), cancellationToken) is not { Row.Days: var days }) return;
        for (var start = TableLayout.FirstHourOf(part.First) * Minute.PerHour; start < part.Range.To.Number; start += Minute.PerDay)
        {
            if (!days.TryGetValue(TableLayout.DayOf(start / Minute.PerHour).Day, out var quarters)) continue;
            foreach (var quarter in quarters)
                if (new Minute(start + (quarter.OfDay * QuarterCell.Minutes)) is var minute && part.Range.Contains(minute)) fold.Add(minute, quarter.Cell);
        }
    }

    private async ValueTask ReadDay(Question question, Part part, Fold fold, CancellationToken cancellationToken)
    {
        var (first, last) = (part.Range.From.Hour, new Minute(part.Range.To.Number - 1).Hour);
        var open = question.Recent.Open.Where(hour => first <= hour.Hour && hour.Hour <= last).ToList();
        IReadOnlyList<HourCells> settled = [];
        if (first <= question.Recent.SettledThrough && open.Count <= last - first)
        {
            instruments.Read("day");
            if (await rows.ReadDay(question.Video, question.Type, part.First, cancellationToken) is { Row.Hours: var hours })
            {
                settled = hours;
            }
            else if (part.First <= question.Mark.RetiredThrough)
            {
                instruments.Read("segment");
                settled = await segments.ReadDay(question.Video, question.Type, part.First, cancellationToken);
            }
            else
            {
                part.IsMissing = Minute.HourStart(TableLayout.FirstHourOf(part.First) + 24) + KeptAtLeast <= clock.GetUtcNow();
            }
        }

        var next = 0;
        foreach (var hour in settled)
        {
            for (; next < open.Count && open[next].Hour < hour.Hour; next++) Add(open[next]);
            if (next == open.Count || open[next].Hour != hour.Hour) Add(hour);
        }

        for (; next < open.Count; next++) Add(open[next]);

        void Add(HourCells hour)
        {
            foreach (var cell in hour.Cells)
                if (hour.MinuteOf(cell) is var minute && part.Range.Contains(minute)) fold.Add(minute, cell.Cell);
        }
    }

    private sealed record Question(VideoId Video, EventType Type, Recent Recent, Granules Granules, Watermark Mark)
    {
        public PartKey KeyOf(Part part) => new(Video, Type, part.Range, Granules.Granularity.Name, Granules.Clock.Name);
    }

    /// <summary>A part of the range that is read at once: one day, or days of one month.</summary>
    private sealed class Part(MinuteRange range, DateOnly first, bool isArchived, bool byMonth)
    {
        public MinuteRange Range { get; set; } = range;

        public DateOnly First { get; } = first;

        public bool IsArchived { get; } = isArchived;

        /// <summary>From a month row; otherwise it is one day.</summary>
        public bool ByMonth { get; } = byMonth;

        /// <summary>There is no row, and it is not certain that there never was one.</summary>
        public bool IsMissing { get; set; }

        public IReadOnlyList<GranuleCell> Cells { get; set; } = [];
    }
}
