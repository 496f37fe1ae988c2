using System.Globalization;
using System.Text;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>The example file, read and summed by other means than the command that imports it.</summary>
internal sealed class TrendingFile
{
    private readonly List<Line> _lines;

    private TrendingFile(List<Line> lines) => _lines = lines;

    private sealed record Line(string Video, string Date, long Views, long Likes);

    /// <summary>All videos, also those that are too small to be sent.</summary>
    public IReadOnlyList<string> Videos => [.. _lines.Select(line => line.Video).Distinct()];

    /// <summary>All dates, the oldest first. An import makes minutes of them.</summary>
    public IReadOnlyList<string> Dates => [.. _lines.Select(line => line.Date).Distinct().Order(StringComparer.Ordinal)];

    public static TrendingFile Example()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.Counter.sln")))
            folder = folder.Parent ?? throw new FileNotFoundException("The example file is beside the solution, and that was not found.");
        var records = Records(File.ReadAllText(Path.Combine(folder.FullName, "examples", "us-trending-videos.csv"))).ToList();
        Assert(records[0] is ["video_id", "title", "channel_title", "category_id", "date", "views", "likes", ..]);
        return new([.. records.Skip(1).Select(record => new Line(record[0], record[4], Number(record[5]), Number(record[6])))]);

        static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>The same figures for videos of other names: what one test imports, no other one has.</summary>
    public TrendingFile WithPrefix(string prefix) => new([.. _lines.Select(line => line with { Video = prefix + line.Video })]);

    /// <summary>Writes what an import needs of it.</summary>
    public void Save(string path) => File.WriteAllLines(
        path, ["video_id,date,views,likes", .. _lines.Select(line => $"{line.Video},{line.Date},{line.Views},{line.Likes}")]);

    /// <summary>How many events of a type a video has on each date that has any, if so many views or likes are one event.</summary>
    public IReadOnlyDictionary<(string Video, string Type), SortedDictionary<string, long>> Events(long scale)
    {
        var events = Videos.SelectMany(video => new[] { (video, "view"), (video, "like") })
            .ToDictionary(key => key, _ => new SortedDictionary<string, long>(StringComparer.Ordinal));
        foreach (var line in _lines)
            foreach (var (type, count) in new[] { ("view", line.Views / scale), ("like", line.Likes / scale) })
                if (count > 0) events[(line.Video, type)][line.Date] = events[(line.Video, type)].GetValueOrDefault(line.Date) + count;
        return events;
    }

    // RFC 4180, letter by letter.
    private static IEnumerable<List<string>> Records(string text)
    {
        var (record, field, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (quoted && letter == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[++i]);
            else if (letter == '"') quoted = !quoted;
            else if (quoted || letter is not (',' or '\n' or '\r')) field.Append(letter);
            else if (letter is not '\r')
            {
                record.Add(field.ToString());
                field.Clear();
                if (letter is ',') continue;
                yield return record;
                record = [];
            }
        }

        Assert(!quoted && field.Length == 0 && record.Count == 0);
    }

    private static void Assert(bool condition) => Xunit.Assert.True(condition, "The example file is not as this test knows it.");
}
