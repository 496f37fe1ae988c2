using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Orleans.Counter.Cli.Import;

/// <summary>A CSV file with at least the columns <c>video_id</c>, <c>date</c>, <c>views</c> and <c>likes</c>, in any order.</summary>
internal static class TrendingFile
{
    /// <summary>More than any video ever had, and sums of many still fit.</summary>
    public const long CountMax = 1_000_000_000_000;

    /// <summary>The rows, one at a time: a file may be larger than memory.</summary>
    /// <exception cref="CommandFailedException">The file cannot be read, or breaks a rule: line and column are named. Thrown at the row.</exception>
    public static IEnumerable<TrendingRow> Read(string path)
    {
        using var text = Open(path);
        foreach (var row in Read(text, path)) yield return row;
    }

    /// <summary>The rows of a text; the name stands in messages.</summary>
    public static IEnumerable<TrendingRow> Read(TextReader text, string name)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = bad => throw new CommandFailedException($"{name}, line {bad.Context.Parser!.RawRow}: quotes do not match in '{bad.Field}'."),
        });
        if (!csv.Read()) throw new CommandFailedException($"{name} is empty.");
        var columns = csv.Record!;
        var (video, date, views, likes) = (Column("video_id"), Column("date"), Column("views"), Column("likes"));
        while (csv.Read())
        {
            if (csv.Count != columns.Length)
                throw new CommandFailedException($"{name}, line {csv.RawRow}: {csv.Count} columns instead of {columns.Length} as in the first line.");
            yield return new(Video(), Date(), Count(views), Count(likes));
        }

        int Column(string column)
        {
            var index = Array.IndexOf(columns, column);
            if (index >= 0) return index;
            throw new CommandFailedException($"{name}, line 1: the column '{column}' is missing; there are {string.Join(", ", columns)}.");
        }

        VideoId Video() => VideoId.TryParse(csv[video], out var id) ? id : throw Bad(video, VideoId.Rule);

        DateOnly Date() => DateOnly.TryParseExact(csv[date], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day : throw Bad(date, "a date looks like 2026-11-23");

        long Count(int column) => long.TryParse(csv[column], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= CountMax
            ? count : throw Bad(column, $"a count is a whole number from 0 to {CountMax}");

        CommandFailedException Bad(int column, string rule) =>
            new($"{name}, line {csv.RawRow}, column {columns[column]}: '{csv[column]}' is not allowed; {rule}.");
    }

    private static StreamReader Open(string path)
    {
        try
        {
            return new(path, Encoding.UTF8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path} cannot be read: {failure.Message}", failure);
        }
    }
}
