using System.Globalization;
using Azure.Data.Tables;

namespace Orleans.Counter.Storage;

/// <summary>What the top lists are made of, as columns that can be read by eye.</summary>
internal static class TopCodec
{
    private const string Letters = "hdw"; // In the order of the lengths.

    /// <summary>The lists of a shard: a column for each, whose name says its type and window.</summary>
    public static TableEntity Encode(Shard shard, IReadOnlyList<TopList> tops)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(shard), TableLayout.TopsKey);
        foreach (var (type, window, videos) in tops) entity[$"{type}_{Text(window)}"] = string.Join(' ', videos.Select(video => string.Create(CultureInfo.InvariantCulture, $"{video.Video}:{video.Count}")));
        return entity;
    }

    public static IReadOnlyList<TopList> Decode(TableEntity entity) =>
        [.. entity.Where(column => column.Value is string && column.Key.Contains('_', StringComparison.Ordinal)).Select(column =>
        {
            var window = column.Key.LastIndexOf('_');
            var videos = ((string)column.Value).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(video => video.Split(':')).Select(video => new TopVideo(VideoId.Parse(video[0]), Number(video[1])));
            return new TopList(EventType.Parse(column.Key[..window]), Window(column.Key[(window + 1)..]), [.. videos]);
        })];

    /// <summary>How often a type of a video was counted in its newest windows.</summary>
    public static string Text(IEnumerable<WindowCount> counts) => string.Join(' ', counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{Text(count.Window)}:{count.Count}")));

    /// <summary>Reads <see cref="Text(IEnumerable{WindowCount})"/>.</summary>
    public static IEnumerable<WindowCount> Counts(EventType type, string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(count => count.Split(':')).Select(count => new WindowCount(type, Window(count[0]), Number(count[1])));

    private static string Text(TopWindow window) => string.Create(CultureInfo.InvariantCulture, $"{Letters[(int)window.Length]}{window.Number}");

    private static TopWindow Window(string text) => new((WindowLength)Letters.IndexOf(text[0], StringComparison.Ordinal), (int)Number(text[1..]));

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
