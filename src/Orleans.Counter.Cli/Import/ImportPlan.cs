using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Import;

/// <summary>Which events a file of daily figures becomes: for each row one for every <c>scale</c> views, and one for every <c>scale</c> likes.</summary>
/// <remarks>
/// The days become minutes, so that years fit into what the service still accepts: the newest date is the last full minute before the start, each older
/// date that occurs one minute earlier. Ids are <c>{video_id}:{date}:{type}:{n}</c>, the same in every import of the same file: a second import is recognised
/// although its minutes are others.
/// </remarks>
internal sealed class ImportPlan
{
    /// <summary>The service takes events of the last 7 days; some minutes stay free, because an import takes its time.</summary>
    private const int DatesMax = 7 * 24 * 60 - 60;

    public static readonly EventType Like = EventType.Parse("like");

    private readonly Dictionary<(VideoId, EventType), long> _sums = [];
    private readonly Dictionary<DateOnly, DateTimeOffset> _minutes = [];
    private readonly long _scale;

    /// <summary>Reads all rows once.</summary>
    /// <exception cref="CommandFailedException">There are more dates than minutes in which the service accepts events.</exception>
    public ImportPlan(IEnumerable<TrendingRow> rows, long scale, DateTimeOffset start)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        _scale = scale;
        var dates = new SortedSet<DateOnly>();
        foreach (var row in rows)
        {
            dates.Add(row.Date);
            foreach (var (type, count) in Counts(row)) _sums[(row.Video, type)] = _sums.GetValueOrDefault((row.Video, type)) + count;
        }
        if (dates.Count > DatesMax)
            throw new CommandFailedException($"The file has {dates.Count} dates; an import turns each into a minute of the last 7 days, at most {DatesMax}.");

        var minute = new DateTimeOffset(start.UtcTicks - start.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        foreach (var date in dates.Reverse()) _minutes.Add(date, minute = minute.AddMinutes(-1));
    }

    /// <summary>How many events of each type each video gets.</summary>
    public IReadOnlyDictionary<(VideoId Video, EventType Type), long> Sums => _sums;

    /// <summary>The minute of each date.</summary>
    public IReadOnlyDictionary<DateOnly, DateTimeOffset> Minutes => _minutes;

    /// <summary>All events that will be sent.</summary>
    public long Total => _sums.Values.Sum();

    /// <summary>All events of a type.</summary>
    public long TotalOf(EventType type) => _sums.Where(sum => sum.Key.Item2 == type).Sum(sum => sum.Value);

    /// <summary>The events, made as they are asked for. The rows are the same as before.</summary>
    public IEnumerable<CounterEvent> Events(IEnumerable<TrendingRow> rows)
    {
        // A video that has two rows for one date goes on numbering: two events with one id would be counted as one.
        var next = new Dictionary<(VideoId, DateOnly, EventType), long>();
        foreach (var row in rows)
            foreach (var (type, count) in Counts(row))
            {
                var first = next.GetValueOrDefault((row.Video, row.Date, type));
                next[(row.Video, row.Date, type)] = first + count;
                for (var n = first; n < first + count; n++)
                    yield return new(row.Video, type, $"{row.Video}:{row.Date:yyyy-MM-dd}:{type}:{n}", _minutes[row.Date]);
            }
    }

    private IEnumerable<(EventType Type, long Count)> Counts(TrendingRow row) => [(EventType.View, row.Views / _scale), (Like, row.Likes / _scale)];
}
